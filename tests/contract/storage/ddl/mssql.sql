CREATE TABLE shop_book (
    id BIGINT NOT NULL IDENTITY,
    author_id BIGINT NOT NULL,
    sequel_of_id BIGINT NULL,
    title NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL,
    isbn NVARCHAR(26) COLLATE Latin1_General_100_BIN2 NULL,
    price DECIMAL(8, 2) NOT NULL,
    [percent] NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [order] INTEGER NOT NULL,
    deleted_at DATETIME2(6) NULL,
    CONSTRAINT pk_shop_book PRIMARY KEY (id),
    CONSTRAINT uq_shop_book_author_id_title UNIQUE (author_id, title),
    CONSTRAINT fk_shop_book_sequel_of_id FOREIGN KEY(sequel_of_id) REFERENCES shop_book (id),
    CONSTRAINT shop_price CHECK (price >= 0.50),
    CONSTRAINT shop_percent CHECK (percent <> '5%')
);
CREATE INDEX ix_shop_book_author_id ON shop_book (author_id);
CREATE INDEX ix_shop_book_sequel_of_id ON shop_book (sequel_of_id);
CREATE INDEX ix_shop_book_title ON shop_book (title);
CREATE INDEX ix_shop_book_price_title ON shop_book (price DESC, title);
CREATE UNIQUE INDEX uq_shop_book_isbn ON shop_book (isbn) WHERE [isbn] IS NOT NULL;
CREATE TABLE shop_tag (
    [key] BINARY(16) NOT NULL,
    word NVARCHAR(60) COLLATE Latin1_General_100_BIN2 NOT NULL,
    book_id BIGINT NULL,
    CONSTRAINT pk_shop_tag PRIMARY KEY ([key]),
    CONSTRAINT fk_shop_tag_book_id FOREIGN KEY(book_id) REFERENCES shop_book (id)
);
CREATE UNIQUE INDEX uq_shop_tag_book_id ON shop_tag (book_id) WHERE [book_id] IS NOT NULL;
CREATE TABLE shop_author (
    id BIGINT NOT NULL IDENTITY,
    name NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    first_book_id BIGINT NULL,
    CONSTRAINT pk_shop_author PRIMARY KEY (id),
    CONSTRAINT uq_shop_author_name UNIQUE (name),
    CONSTRAINT fk_shop_author_first_book_id FOREIGN KEY(first_book_id) REFERENCES shop_book (id)
);
CREATE INDEX ix_shop_author_first_book_id ON shop_author (first_book_id);
ALTER TABLE shop_book ADD CONSTRAINT fk_shop_book_author_id FOREIGN KEY(author_id) REFERENCES shop_author (id);
ALTER TABLE shop_book DROP CONSTRAINT fk_shop_book_author_id;
DROP TABLE shop_author;
DROP TABLE shop_tag;
DROP TABLE shop_book;
