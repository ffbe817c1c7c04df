"""Which address of the catalogue goes to which view."""

from openviper.routing.router import Router

from catalogue import views

pages = Router()
pages.get("/", name="home")(views.show_books)
pages.get("/books/{book_id:int}", name="book")(views.show_book)

api = Router()
api.get("/books", name="api-books")(views.list_books)
api.post("/books", name="api-add-book")(views.add_book)
api.get("/books/{book_id:int}", name="api-book")(views.get_book)
