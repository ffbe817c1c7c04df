-- exact
SELECT book.id FROM book WHERE ((book.title = :1 AND book.title IS NOT NULL AND :1 IS NOT NULL) OR (book.title IS NULL AND :1 IS NULL))
-- exact number
SELECT book.id FROM book WHERE book.pages = :1
-- exclude
SELECT book.id FROM book WHERE NOT ((book.title = :1 AND book.title IS NOT NULL AND :1 IS NOT NULL) OR (book.title IS NULL AND :1 IS NULL))
-- iexact
SELECT book.id FROM book WHERE (upper(book.title) = upper(:1))
-- contains
SELECT book.id FROM book WHERE (book.title LIKE :1 ESCAPE '\')
-- icontains
SELECT book.id FROM book WHERE (upper(book.title) LIKE upper(:1) ESCAPE '\')
-- startswith
SELECT book.id FROM book WHERE (book.title LIKE :1 ESCAPE '\')
-- istartswith
SELECT book.id FROM book WHERE (upper(book.title) LIKE upper(:1) ESCAPE '\')
-- endswith
SELECT book.id FROM book WHERE (book.title LIKE :1 ESCAPE '\')
-- iendswith
SELECT book.id FROM book WHERE (upper(book.title) LIKE upper(:1) ESCAPE '\')
-- contains a column
SELECT book.id FROM book JOIN author author_1 ON book.author_id = author_1.id WHERE (instr(book.title, author_1.name) > 0)
-- startswith a column
SELECT book.id FROM book WHERE (substr(book.title, 1, length(book.text)) = book.text)
-- endswith a column
SELECT book.id FROM book WHERE (substr(book.title, -length(book.text)) = book.text)
-- icontains a column
SELECT book.id FROM book WHERE (instr(upper(book.title), upper(book.text)) > 0)
-- gt
SELECT book.id FROM book WHERE book.pages > :1
-- lte
SELECT book.id FROM book WHERE book.pages <= :1
-- range
SELECT book.id FROM book WHERE book.pages >= :1 AND book.pages <= :2
-- isnull
SELECT book.id FROM book WHERE book.pages IS NULL
-- in
SELECT book.id FROM book WHERE book.pages IN (:1, :2, :3, :4)
-- in none
SELECT book.id FROM book WHERE 0 = 1
-- not in
SELECT book.id FROM book WHERE (book.pages NOT IN (:1, :2)) OR book.pages IS NULL
-- in rows
SELECT book.id FROM book WHERE book.author_id IN (SELECT author_1.id FROM author author_1 WHERE ((author_1.name = :1 AND author_1.name IS NOT NULL AND :1 IS NOT NULL) OR (author_1.name IS NULL AND :1 IS NULL)))
-- boolean
SELECT book.id FROM book WHERE book.ok = :1
-- or
SELECT book.id FROM book WHERE book.pages = :1 OR book.ok = :2
-- join
SELECT book.id, book.author_id, author_1.id AS id_1, author_1.name FROM book JOIN author author_1 ON book.author_id = author_1.id WHERE ((author_1.name = :1 AND author_1.name IS NOT NULL AND :1 IS NOT NULL) OR (author_1.name IS NULL AND :1 IS NULL))
-- reverse
SELECT author.id, author.name FROM author WHERE EXISTS (SELECT 1 FROM book book_1 WHERE book_1.author_id = author.id AND book_1.pages = :1)
-- order
SELECT book.id FROM book ORDER BY book.pages DESC, book.rate ASC NULLS FIRST
-- chance
SELECT book.id FROM book ORDER BY dbms_random.value()
-- limit
SELECT book.id FROM book FETCH FIRST :1 ROWS ONLY
-- limit in order
SELECT book.id FROM book ORDER BY book.pages ASC FETCH FIRST :1 ROWS ONLY
-- offset
SELECT book.id FROM book OFFSET :1 ROWS
-- slice
SELECT book.id FROM book ORDER BY book.id ASC OFFSET :1 ROWS FETCH FIRST :2 ROWS ONLY
-- distinct
SELECT DISTINCT book.title FROM book
-- distinct with a limit
SELECT DISTINCT book.title FROM book FETCH FIRST :1 ROWS ONLY
-- groups
SELECT book.author_id, count(book.id) AS "_a1", sum(book.pages) AS "_a2", sum(book.price) AS "_a3" FROM book GROUP BY book.author_id
-- averages
SELECT book.author_id, avg(book.pages) AS "_a1", round(avg(book.price), 2) AS "_a2", avg(book.rate) AS "_a3" FROM book GROUP BY book.author_id
-- extremes
SELECT book.author_id, min(book.sold_at) AS "_a1", max(book.title) AS "_a2" FROM book GROUP BY book.author_id
-- count of distinct
SELECT book.author_id, count(DISTINCT book.title) AS "_a1" FROM book GROUP BY book.author_id HAVING count(DISTINCT book.title) > :1
-- conditional sum
SELECT book.author_id, sum(CASE WHEN (book.ok = :1) THEN book.pages END) AS "_a1" FROM book GROUP BY book.author_id
-- exists
SELECT book.id FROM book WHERE EXISTS (SELECT author_1.id FROM author author_1 WHERE author_1.id = book.author_id)
-- exists as a value
SELECT CASE WHEN (EXISTS (SELECT author_1.id FROM author author_1 WHERE author_1.id = book.author_id)) THEN 1 ELSE 0 END AS "_a0" FROM book
-- subquery
SELECT (SELECT author_1.name FROM author author_1 WHERE author_1.id = book.author_id FETCH FIRST :1 ROWS ONLY) AS "_a0" FROM book
-- case
SELECT CASE WHEN (book.pages > :1) THEN :2 ELSE :3 END AS "_a0" FROM book
-- lock
SELECT book.id FROM book FOR UPDATE
-- lock nowait
SELECT book.id FROM book JOIN author author_1 ON book.author_id = author_1.id WHERE ((author_1.name = :1 AND author_1.name IS NOT NULL AND :1 IS NOT NULL) OR (author_1.name IS NULL AND :1 IS NULL)) FOR UPDATE OF book.id NOWAIT
-- lock skipping
SELECT book.id FROM book FOR UPDATE SKIP LOCKED
-- lock with a limit
SELECT book.id FROM book WHERE book.pages = :1 AND book.id IN (SELECT book.id FROM book WHERE book.pages = :1 FETCH FIRST :2 ROWS ONLY) FOR UPDATE
-- plus
SELECT (book.pages + :1) AS "_a0" FROM book
-- quotient of whole numbers
SELECT (CAST(book.pages AS BINARY_DOUBLE) / nullif(CAST(:1 AS BINARY_DOUBLE), 0)) AS "_a0" FROM book
-- quotient of decimals
SELECT round((book.price / nullif(book.pages, 0)), 6) AS "_a0" FROM book
-- remainder
SELECT mod(book.pages, nullif(:1, 0)) AS "_a0" FROM book
-- moment and duration
SELECT (book.sold_at + numtodsinterval(:1 / 1000000, 'SECOND')) AS "_a0" FROM book
-- between moments
SELECT (extract(day from (book.sold_at - book.sold_at)) * 86400000000 + extract(hour from (book.sold_at - book.sold_at)) * 3600000000 + extract(minute from (book.sold_at - book.sold_at)) * 60000000 + extract(second from (book.sold_at - book.sold_at)) * 1000000) AS "_a0" FROM book
-- day and duration
SELECT (book.born + floor(:1 / 86400000000)) AS "_a0" FROM book
-- between days
SELECT ((book.born - book.born) * 86400000000) AS "_a0" FROM book
-- concat
SELECT (coalesce(book.title, '') || coalesce(:1, '')) AS "_a0" FROM book
-- lower
SELECT lower(book.title) AS "_a0" FROM book
-- length
SELECT length(book.title) AS "_a0" FROM book
-- substr
SELECT substr(book.title, :1) AS "_a0" FROM book
-- substr of a length
SELECT substr(book.title, :1, :2) AS "_a0" FROM book
-- greatest
SELECT greatest(book.pages, :1) AS "_a0" FROM book
-- least
SELECT least(book.pages, :1) AS "_a0" FROM book
-- coalesce
SELECT coalesce(book.pages, :1) AS "_a0" FROM book
-- now
SELECT CAST(sys_extract_utc(systimestamp) AS TIMESTAMP(6)) AS "_a0" FROM book
-- round
SELECT CAST(round(CAST(book.rate AS NUMBER), 0) AS BINARY_DOUBLE) AS "_a0" FROM book
-- ceil
SELECT CAST(ceil(book.rate) AS NUMBER(19)) AS "_a0" FROM book
-- cast to a number
SELECT CAST(book.title AS NUMBER(19)) AS "_a0" FROM book
-- cast to a text
SELECT to_char(book.pages) AS "_a0" FROM book
-- year
SELECT book.id FROM book WHERE extract(year from (book.sold_at)) = :1
-- month
SELECT book.id FROM book WHERE extract(month from (book.sold_at)) = :1
-- day
SELECT book.id FROM book WHERE extract(day from (book.sold_at)) = :1
-- week
SELECT book.id FROM book WHERE to_number(to_char((book.sold_at), 'IW')) = :1
-- week_day
SELECT book.id FROM book WHERE (mod(trunc((book.sold_at)) - trunc((book.sold_at), 'IW') + 1, 7) + 1) = :1
-- quarter
SELECT book.id FROM book WHERE to_number(to_char((book.sold_at), 'Q')) = :1
-- hour
SELECT book.id FROM book WHERE to_number(substr((book.sold_at), -15, 2)) = :1
-- minute
SELECT book.id FROM book WHERE to_number(substr((book.sold_at), -12, 2)) = :1
-- second
SELECT book.id FROM book WHERE to_number(substr((book.sold_at), -9, 2)) = :1
-- date
SELECT book.id FROM book WHERE trunc((book.sold_at)) = :1
-- time
SELECT book.id FROM book WHERE to_char((book.sold_at), 'HH24:MI:SS.FF6') = :1
-- hour of a time
SELECT book.id FROM book WHERE to_number(substr(book.opens, -15, 2)) = :1
-- union
SELECT anon_1."_c0" FROM (SELECT author.id AS "_c0" FROM author WHERE author.id > :1 UNION SELECT author.id AS "_c0" FROM author WHERE author.id > :2) anon_1
-- union of all
SELECT anon_1."_c0" FROM (SELECT author.id AS "_c0" FROM author WHERE author.id > :1 UNION ALL SELECT author.id AS "_c0" FROM author WHERE author.id > :2) anon_1 ORDER BY anon_1."_c0" ASC
-- union with limits
SELECT anon_1."_c0" FROM (SELECT anon_2."_c0" AS "_c0" FROM (SELECT author.id AS "_c0" FROM author WHERE author.id > :1 FETCH FIRST :2 ROWS ONLY) anon_2 UNION SELECT anon_3."_c0" AS "_c0" FROM (SELECT author.id AS "_c0" FROM author WHERE author.id > :3 FETCH FIRST :4 ROWS ONLY) anon_3) anon_1 FETCH FIRST :5 ROWS ONLY
-- intersection
SELECT anon_1."_c0" FROM (SELECT author.id AS "_c0" FROM author WHERE author.id > :1 INTERSECT SELECT author.id AS "_c0" FROM author WHERE author.id > :2) anon_1
-- difference
SELECT anon_1."_c0" FROM (SELECT author.id AS "_c0" FROM author WHERE author.id > :1 MINUS SELECT author.id AS "_c0" FROM author WHERE author.id > :2) anon_1
-- number in a window
SELECT row_number() OVER (PARTITION BY book.author_id ORDER BY book.pages DESC) AS "_a0" FROM book
-- condition on a window
SELECT book.id FROM book JOIN (SELECT book.id AS "_key", row_number() OVER (PARTITION BY book.author_id ORDER BY book.pages DESC) AS "_w0" FROM book) anon_1 ON book.id = anon_1."_key" WHERE anon_1."_w0" = :1
-- sum of a window
SELECT sum(book.pages) OVER (ORDER BY book.id ASC) AS "_a0" FROM book
-- insert
INSERT INTO book (author_id, title, price, pages, rate, sold_at, born, opens, ok, text, data) VALUES (:1, :2, :3, :4, :5, :6, :7, :8, :9, :10, :11) RETURNING book.id INTO :12
-- insert with a key
INSERT INTO book (id, author_id, title, price, pages, rate, sold_at, born, opens, ok, text, data) VALUES (:1, :2, :3, :4, :5, :6, :7, :8, :9, :10, :11, :12)
-- update
UPDATE book SET title=:1, pages=:2 WHERE book.id = :3
-- insert of many
INSERT INTO author (name) VALUES (:1) RETURNING id INTO :2
-- insert of many with keys
INSERT INTO author (id, name) VALUES (:1, :2)
-- insert of none that are there
MERGE INTO author USING dual ON ((author.id = :1)) WHEN NOT MATCHED THEN INSERT (id, name) VALUES (:1, :2)
-- insert or update
MERGE INTO author USING dual ON ((author.id = :1)) WHEN MATCHED THEN UPDATE SET name = :2 WHEN NOT MATCHED THEN INSERT (id, name) VALUES (:1, :2)
-- update of many
UPDATE author SET name = :1 WHERE author.id = :2
-- update where
UPDATE book SET ok=:1 WHERE book.pages > :2
-- delete where
DELETE FROM book WHERE book.pages > :1
-- delete with a limit
DELETE FROM book WHERE book.id IN (SELECT book_1.id FROM book book_1 ORDER BY book_1.pages ASC FETCH FIRST :1 ROWS ONLY)
