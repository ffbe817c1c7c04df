"""Which statements are known to change nothing."""

import pytest

from openviper.db.compiler.harmless import only_reads


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t WHERE id = :id",
        " ( select 1 ) ;",
        "VALUES (1)",
        "SELECT COUNT(*), lower(name) FROM t WHERE id IN (1, 2) GROUP BY name",
        "WITH a AS (SELECT 1 AS one) SELECT one FROM a",
        "SELECT 'DELETE', 'it''s nextval(1)' FROM t -- then DELETE\n WHERE \"update\" = 1 /* INSERT */",
        "SELECT replace(name, 'a', 'b') FROM t",
        "SELECT CAST(price AS NUMERIC(10, 2)) FROM t ORDER BY price",
        "SELECT created::date, sum(n) OVER (PARTITION BY a) FROM t",
    ],
)
def test_reads(sql: str) -> None:
    """Words in quotes and comments are no words, and common functions only compute."""
    assert only_reads(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "?",
        "INSERT INTO t VALUES (1)",
        "EXPLAIN ANALYZE DELETE FROM t",
        "EXPLAIN (ANALYZE) SELECT 1",
        "SELECT * INTO copy FROM t",
        "SELECT nextval('s')",
        "SELECT \"nextval\"('s')",
        "SELECT pg_catalog.count ('s')",
        "SELECT my_function(1)",
        "SELECT * FROM t FOR UPDATE",
        "SELECT 1; DELETE FROM t",
        "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
        "WITH a AS (SELECT 1) MERGE INTO t USING a ON 1 = 1 WHEN MATCHED THEN DELETE",
        "SELECT '\\' OR nextval('s') --'",
        "SELECT 1 /*! INTO OUTFILE 'x' */",
        "SELECT 1--1 INTO t",
        "SELECT $$ ' $$, nextval($$s$$) -- '",
        "SELECT 1 # '\n INTO t -- '",
        "SELECT 1 /* /* */ INTO t /* */ */",
        "REPLACE INTO t VALUES (1)",
        "TRUNCATE t",
    ],
)
def test_may_write(sql: str) -> None:
    """What is not known to change nothing may change something."""
    assert not only_reads(sql)
