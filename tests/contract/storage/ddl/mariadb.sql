CREATE TABLE shop_book (
    id BIGINT NOT NULL AUTO_INCREMENT,
    author_id BIGINT NOT NULL,
    sequel_of_id BIGINT,
    title VARCHAR(200) COLLATE utf8mb4_nopad_bin NOT NULL,
    isbn VARCHAR(13) COLLATE utf8mb4_nopad_bin,
    price DECIMAL(8, 2) NOT NULL,
    percent VARCHAR(10) COLLATE utf8mb4_nopad_bin NOT NULL,
    `order` INTEGER NOT NULL,
    deleted_at DATETIME(6),
    CONSTRAINT pk_shop_book PRIMARY KEY (id),
    CONSTRAINT uq_shop_book_isbn UNIQUE (isbn),
    CONSTRAINT uq_shop_book_author_id_title UNIQUE (author_id, title),
    CONSTRAINT fk_shop_book_sequel_of_id FOREIGN KEY(sequel_of_id) REFERENCES shop_book (id),
    CONSTRAINT shop_price CHECK (price >= 0.50),
    CONSTRAINT shop_percent CHECK (percent <> '5%')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE INDEX ix_shop_book_author_id ON shop_book (author_id);
CREATE INDEX ix_shop_book_sequel_of_id ON shop_book (sequel_of_id);
CREATE INDEX ix_shop_book_title ON shop_book (title);
CREATE INDEX ix_shop_book_price_title ON shop_book (price DESC, title);
CREATE TABLE shop_tag (
    `key` BINARY(16) NOT NULL,
    word VARCHAR(30) COLLATE utf8mb4_nopad_bin NOT NULL,
    book_id BIGINT,
    CONSTRAINT pk_shop_tag PRIMARY KEY (`key`),
    CONSTRAINT uq_shop_tag_book_id UNIQUE (book_id),
    CONSTRAINT fk_shop_tag_book_id FOREIGN KEY(book_id) REFERENCES shop_book (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE shop_author (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(50) COLLATE utf8mb4_nopad_bin NOT NULL,
    first_book_id BIGINT,
    CONSTRAINT pk_shop_author PRIMARY KEY (id),
    CONSTRAINT uq_shop_author_name UNIQUE (name),
    CONSTRAINT fk_shop_author_first_book_id FOREIGN KEY(first_book_id) REFERENCES shop_book (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE INDEX ix_shop_author_first_book_id ON shop_author (first_book_id);
ALTER TABLE shop_book ADD CONSTRAINT fk_shop_book_author_id FOREIGN KEY(author_id) REFERENCES shop_author (id) ON DELETE CASCADE;
ALTER TABLE shop_book DROP FOREIGN KEY fk_shop_book_author_id;
DROP TABLE shop_author;
DROP TABLE shop_tag;
DROP TABLE shop_book;
