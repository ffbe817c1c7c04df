CREATE TABLE shop_book (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    author_id BIGINT NOT NULL,
    sequel_of_id BIGINT,
    title VARCHAR(200) NOT NULL CONSTRAINT rg_shop_book_title CHECK (length(title) <= 200),
    isbn VARCHAR(13) CONSTRAINT rg_shop_book_isbn CHECK (length(isbn) <= 13),
    price DECIMAL_INT(8, 2) NOT NULL CONSTRAINT rg_shop_book_price CHECK (price BETWEEN -99999999 AND 99999999),
    percent VARCHAR(10) NOT NULL CONSTRAINT rg_shop_book_percent CHECK (length(percent) <= 10),
    "order" INTEGER NOT NULL CONSTRAINT rg_shop_book_order CHECK ("order" BETWEEN -2147483648 AND 2147483647),
    deleted_at DATETIME_TEXT,
    CONSTRAINT uq_shop_book_isbn UNIQUE (isbn),
    CONSTRAINT uq_shop_book_author_id_title UNIQUE (author_id, title),
    CONSTRAINT fk_shop_book_author_id FOREIGN KEY(author_id) REFERENCES shop_author (id) ON DELETE CASCADE,
    CONSTRAINT fk_shop_book_sequel_of_id FOREIGN KEY(sequel_of_id) REFERENCES shop_book (id),
    CONSTRAINT shop_price CHECK ((price / 100.0) >= 0.50),
    CONSTRAINT shop_percent CHECK (percent <> '5%')
);
CREATE INDEX ix_shop_book_author_id ON shop_book (author_id);
CREATE INDEX ix_shop_book_sequel_of_id ON shop_book (sequel_of_id);
CREATE INDEX ix_shop_book_title ON shop_book (title);
CREATE INDEX ix_shop_book_price_title ON shop_book (price DESC, title);
CREATE TABLE shop_tag (
    "key" UUID_BLOB NOT NULL,
    word VARCHAR(30) NOT NULL CONSTRAINT rg_shop_tag_word CHECK (length(word) <= 30),
    book_id BIGINT,
    CONSTRAINT pk_shop_tag PRIMARY KEY ("key"),
    CONSTRAINT uq_shop_tag_book_id UNIQUE (book_id),
    CONSTRAINT fk_shop_tag_book_id FOREIGN KEY(book_id) REFERENCES shop_book (id)
);
CREATE TABLE shop_author (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(50) NOT NULL CONSTRAINT rg_shop_author_name CHECK (length(name) <= 50),
    first_book_id BIGINT,
    CONSTRAINT uq_shop_author_name UNIQUE (name),
    CONSTRAINT fk_shop_author_first_book_id FOREIGN KEY(first_book_id) REFERENCES shop_book (id) ON DELETE SET NULL
);
CREATE INDEX ix_shop_author_first_book_id ON shop_author (first_book_id);
PRAGMA defer_foreign_keys = ON;
DELETE FROM shop_tag;
DELETE FROM shop_book;
DELETE FROM shop_author;
DROP TABLE shop_author;
DROP TABLE shop_tag;
DROP TABLE shop_book;
