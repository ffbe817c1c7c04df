"""Which address of the catalogue goes to which view."""

from openviper import Router

from catalogue import api as json
from catalogue import views

pages = Router()
pages.get("/books", name="books")(views.show_books)
pages.get("/books/{book_id:int}", name="book")(views.show_book)
pages.get("/authors", name="authors")(views.show_authors)
pages.get("/authors/{author_id:int}", name="author")(views.show_author)
pages.get("/genres/{slug}", name="genre")(views.show_genre)

api = Router()
api.get("/books", name="api-books")(json.list_books)
api.get("/books.csv", name="api-books-table")(json.export_table)
api.get("/books.ndjson", name="api-books-records")(json.export_records)
api.get("/books/{book_id:int}", name="api-book")(json.get_book)
api.get("/authors", name="api-authors")(json.list_authors)
api.get("/authors/{author_id:int}", name="api-author")(json.get_author)
