-- exact
SELECT book.id FROM book WHERE book.title = ?
-- exact number
SELECT book.id FROM book WHERE book.pages = ?
-- exclude
SELECT book.id FROM book WHERE book.title != ?
-- iexact
SELECT book.id FROM book WHERE (upper(book.title) = upper(?))
-- contains
SELECT book.id FROM book WHERE (book.title LIKE ? ESCAPE '\')
-- icontains
SELECT book.id FROM book WHERE (upper(book.title) LIKE upper(?) ESCAPE '\')
-- startswith
SELECT book.id FROM book WHERE (book.title LIKE ? ESCAPE '\')
-- istartswith
SELECT book.id FROM book WHERE (upper(book.title) LIKE upper(?) ESCAPE '\')
-- endswith
SELECT book.id FROM book WHERE (book.title LIKE ? ESCAPE '\')
-- iendswith
SELECT book.id FROM book WHERE (upper(book.title) LIKE upper(?) ESCAPE '\')
-- contains a column
SELECT book.id FROM book JOIN author AS author_1 ON book.author_id = author_1.id WHERE (datalength(author_1.name) = 0 OR charindex(author_1.name, book.title) > 0)
-- startswith a column
SELECT book.id FROM book WHERE (datalength(book.text) = 0 OR charindex(book.text, book.title) = 1)
-- endswith a column
SELECT book.id FROM book WHERE (right(book.title, (datalength(CAST(book.text AS NVARCHAR(max))) / 2)) = book.text)
-- icontains a column
SELECT book.id FROM book WHERE (datalength(book.text) = 0 OR charindex(upper(book.text), upper(book.title)) > 0)
-- gt
SELECT book.id FROM book WHERE book.pages > ?
-- lte
SELECT book.id FROM book WHERE book.pages <= ?
-- range
SELECT book.id FROM book WHERE book.pages >= ? AND book.pages <= ?
-- isnull
SELECT book.id FROM book WHERE book.pages IS NULL
-- in
SELECT book.id FROM book WHERE book.pages IN (?, ?, ?, ?)
-- in none
SELECT book.id FROM book WHERE 0 = 1
-- not in
SELECT book.id FROM book WHERE (book.pages NOT IN (?, ?)) OR book.pages IS NULL
-- in rows
SELECT book.id FROM book WHERE book.author_id IN (SELECT author_1.id FROM author AS author_1 WHERE author_1.name = ?)
-- boolean
SELECT book.id FROM book WHERE book.ok = ?
-- or
SELECT book.id FROM book WHERE book.pages = ? OR book.ok = ?
-- join
SELECT book.id, book.author_id, author_1.id AS id_1, author_1.name FROM book JOIN author AS author_1 ON book.author_id = author_1.id WHERE author_1.name = ?
-- reverse
SELECT author.id, author.name FROM author WHERE EXISTS (SELECT 1 FROM book AS book_1 WHERE book_1.author_id = author.id AND book_1.pages = ?)
-- order
SELECT book.id FROM book ORDER BY book.pages DESC, CASE WHEN (book.rate IS NULL) THEN 0 ELSE 1 END, book.rate ASC
-- chance
SELECT book.id FROM book ORDER BY newid()
-- limit
SELECT book.id FROM book ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY
-- limit in order
SELECT book.id FROM book ORDER BY book.pages ASC OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY
-- offset
SELECT book.id FROM book ORDER BY (SELECT NULL) OFFSET ? ROWS
-- slice
SELECT book.id FROM book ORDER BY book.id ASC OFFSET ? ROWS FETCH FIRST ? ROWS ONLY
-- distinct
SELECT DISTINCT book.title FROM book
-- distinct with a limit
SELECT DISTINCT book.title FROM book ORDER BY 1 OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY
-- groups
SELECT book.author_id, count(book.id) AS _a1, sum(CAST(book.pages AS DECIMAL(38, 0))) AS _a2, sum(book.price) AS _a3 FROM book GROUP BY book.author_id
-- averages
SELECT book.author_id, avg(CAST(book.pages AS FLOAT(53))) AS _a1, round(avg(book.price), 2) AS _a2, avg(book.rate) AS _a3 FROM book GROUP BY book.author_id
-- extremes
SELECT book.author_id, min(book.sold_at) AS _a1, max(book.title) AS _a2 FROM book GROUP BY book.author_id
-- count of distinct
SELECT book.author_id, count(DISTINCT book.title) AS _a1 FROM book GROUP BY book.author_id HAVING count(DISTINCT book.title) > ?
-- conditional sum
SELECT book.author_id, sum(CAST(CASE WHEN (book.ok = ?) THEN book.pages END AS DECIMAL(38, 0))) AS _a1 FROM book GROUP BY book.author_id
-- exists
SELECT book.id FROM book WHERE EXISTS (SELECT author_1.id FROM author AS author_1 WHERE author_1.id = book.author_id)
-- exists as a value
SELECT CASE WHEN (EXISTS (SELECT author_1.id FROM author AS author_1 WHERE author_1.id = book.author_id)) THEN 1 ELSE 0 END AS _a0 FROM book
-- subquery
SELECT (SELECT author_1.name FROM author AS author_1 WHERE author_1.id = book.author_id ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY) AS _a0 FROM book
-- case
SELECT CASE WHEN (book.pages > ?) THEN ? ELSE ? END AS _a0 FROM book
-- lock
SELECT book.id FROM book WITH (UPDLOCK, ROWLOCK)
-- lock nowait
SELECT book.id FROM book WITH (UPDLOCK, ROWLOCK, NOWAIT) JOIN author AS author_1 ON book.author_id = author_1.id WHERE author_1.name = ?
-- lock skipping
SELECT book.id FROM book WITH (UPDLOCK, ROWLOCK, READPAST)
-- lock with a limit
SELECT book.id FROM book WITH (UPDLOCK, ROWLOCK) WHERE book.pages = ? ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY
-- plus
SELECT (book.pages + ?) AS _a0 FROM book
-- quotient of whole numbers
SELECT (CAST(book.pages AS FLOAT(53)) / nullif(CAST(? AS FLOAT(53)), 0)) AS _a0 FROM book
-- quotient of decimals
SELECT round((book.price / nullif(book.pages, 0)), 6) AS _a0 FROM book
-- remainder
SELECT (book.pages % nullif(?, 0)) AS _a0 FROM book
-- moment and duration
SELECT dateadd(microsecond, CAST(? AS BIGINT) % 1000000, dateadd(second, CAST(? AS BIGINT) / 1000000 % 86400, dateadd(day, CAST(? AS BIGINT) / CAST(86400000000 AS BIGINT), book.sold_at))) AS _a0 FROM book
-- between moments
SELECT datediff_big(microsecond, book.sold_at, book.sold_at) AS _a0 FROM book
-- day and duration
SELECT dateadd(day, CAST(floor(? / 86400000000.0) AS INT), book.born) AS _a0 FROM book
-- between days
SELECT (datediff(day, book.born, book.born) * CAST(86400000000 AS BIGINT)) AS _a0 FROM book
-- concat
SELECT concat(book.title, ?, N'') AS _a0 FROM book
-- lower
SELECT lower(book.title) AS _a0 FROM book
-- length
SELECT CAST((datalength(CAST(book.title AS NVARCHAR(max))) / 2) AS INT) AS _a0 FROM book
-- substr
SELECT substring(book.title, CAST(? AS INT), 2147483647) AS _a0 FROM book
-- substr of a length
SELECT substring(book.title, CAST(? AS INT), CAST(? AS INT)) AS _a0 FROM book
-- greatest
SELECT (SELECT CASE WHEN count(*) = count(v) THEN max(v) END FROM (VALUES (book.pages), (?)) AS g (v)) AS _a0 FROM book
-- least
SELECT (SELECT CASE WHEN count(*) = count(v) THEN min(v) END FROM (VALUES (book.pages), (?)) AS g (v)) AS _a0 FROM book
-- coalesce
SELECT coalesce(book.pages, ?) AS _a0 FROM book
-- now
SELECT CAST(sysutcdatetime() AS DATETIME2(6)) AS _a0 FROM book
-- round
SELECT CAST(round(CAST(book.rate AS DECIMAL(38, 10)), 0) AS FLOAT(53)) AS _a0 FROM book
-- ceil
SELECT CAST(ceiling(book.rate) AS BIGINT) AS _a0 FROM book
-- cast to a number
SELECT CAST(book.title AS BIGINT) AS _a0 FROM book
-- cast to a text
SELECT CAST(book.pages AS NVARCHAR(40)) AS _a0 FROM book
-- year
SELECT book.id FROM book WHERE datepart(year, (book.sold_at)) = ?
-- month
SELECT book.id FROM book WHERE datepart(month, (book.sold_at)) = ?
-- day
SELECT book.id FROM book WHERE datepart(day, (book.sold_at)) = ?
-- week
SELECT book.id FROM book WHERE datepart(iso_week, (book.sold_at)) = ?
-- week_day
SELECT book.id FROM book WHERE ((datepart(weekday, (book.sold_at)) + @@DATEFIRST - 1) % 7 + 1) = ?
-- quarter
SELECT book.id FROM book WHERE datepart(quarter, (book.sold_at)) = ?
-- hour
SELECT book.id FROM book WHERE datepart(hour, (book.sold_at)) = ?
-- minute
SELECT book.id FROM book WHERE datepart(minute, (book.sold_at)) = ?
-- second
SELECT book.id FROM book WHERE datepart(second, (book.sold_at)) = ?
-- date
SELECT book.id FROM book WHERE CAST((book.sold_at) AS DATE) = ?
-- time
SELECT book.id FROM book WHERE CAST((book.sold_at) AS TIME(6)) = ?
-- hour of a time
SELECT book.id FROM book WHERE datepart(hour, book.opens) = ?
-- union
SELECT anon_1._c0 FROM (SELECT author.id AS _c0 FROM author WHERE author.id > ? UNION SELECT author.id AS _c0 FROM author WHERE author.id > ?) AS anon_1
-- union of all
SELECT anon_1._c0 FROM (SELECT author.id AS _c0 FROM author WHERE author.id > ? UNION ALL SELECT author.id AS _c0 FROM author WHERE author.id > ?) AS anon_1 ORDER BY anon_1._c0 ASC
-- union with limits
SELECT anon_1._c0 FROM (SELECT anon_2._c0 AS _c0 FROM (SELECT author.id AS _c0 FROM author WHERE author.id > ? ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY) AS anon_2 UNION SELECT anon_3._c0 AS _c0 FROM (SELECT author.id AS _c0 FROM author WHERE author.id > ? ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY) AS anon_3) AS anon_1 ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY
-- intersection
SELECT anon_1._c0 FROM (SELECT author.id AS _c0 FROM author WHERE author.id > ? INTERSECT SELECT author.id AS _c0 FROM author WHERE author.id > ?) AS anon_1
-- difference
SELECT anon_1._c0 FROM (SELECT author.id AS _c0 FROM author WHERE author.id > ? EXCEPT SELECT author.id AS _c0 FROM author WHERE author.id > ?) AS anon_1
-- number in a window
SELECT row_number() OVER (PARTITION BY book.author_id ORDER BY book.pages DESC) AS _a0 FROM book
-- condition on a window
SELECT book.id FROM book JOIN (SELECT book.id AS _key, row_number() OVER (PARTITION BY book.author_id ORDER BY book.pages DESC) AS _w0 FROM book) AS anon_1 ON book.id = anon_1._key WHERE anon_1._w0 = ?
-- sum of a window
SELECT sum(CAST(book.pages AS DECIMAL(38, 0))) OVER (ORDER BY book.id ASC) AS _a0 FROM book
-- insert
INSERT INTO book (author_id, title, price, pages, rate, sold_at, born, opens, ok, text, data) OUTPUT inserted.id VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- insert with a key
SET IDENTITY_INSERT book ON; INSERT INTO book (id, author_id, title, price, pages, rate, sold_at, born, opens, ok, text, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?); SET IDENTITY_INSERT book OFF
-- update
UPDATE book SET title=?, pages=? WHERE book.id = ?
-- insert of many
INSERT INTO author (name) OUTPUT inserted.id SELECT c0 FROM (VALUES (CAST(? AS NVARCHAR(20)), 0), (CAST(? AS NVARCHAR(20)), 1)) AS _openviper_rows (c0, place) ORDER BY place
-- insert of many with keys
SET IDENTITY_INSERT author ON; INSERT INTO author (id, name) VALUES (?, ?), (?, ?); SET IDENTITY_INSERT author OFF
-- insert of none that are there
SET IDENTITY_INSERT author ON; MERGE INTO author WITH (HOLDLOCK) AS _openviper_target USING (VALUES (CAST(? AS BIGINT), CAST(? AS NVARCHAR(20))), (CAST(? AS BIGINT), CAST(? AS NVARCHAR(20)))) AS _openviper_rows (id, name) ON ((_openviper_target.id = _openviper_rows.id)) WHEN NOT MATCHED THEN INSERT (id, name) VALUES (_openviper_rows.id, _openviper_rows.name); SET IDENTITY_INSERT author OFF;
-- insert or update
SET IDENTITY_INSERT author ON; MERGE INTO author WITH (HOLDLOCK) AS _openviper_target USING (VALUES (CAST(? AS BIGINT), CAST(? AS NVARCHAR(20))), (CAST(? AS BIGINT), CAST(? AS NVARCHAR(20)))) AS _openviper_rows (id, name) ON ((_openviper_target.id = _openviper_rows.id)) WHEN MATCHED THEN UPDATE SET name = _openviper_rows.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (_openviper_rows.id, _openviper_rows.name); SET IDENTITY_INSERT author OFF;
-- update of many
UPDATE author SET name = ? WHERE author.id = ?
-- update where
UPDATE book SET ok=? WHERE book.pages > ?
-- delete where
DELETE FROM book WHERE book.pages > ?
-- delete with a limit
DELETE FROM book WHERE book.id IN (SELECT book_1.id FROM book AS book_1 ORDER BY book_1.pages ASC OFFSET 0 ROWS FETCH FIRST ? ROWS ONLY)
