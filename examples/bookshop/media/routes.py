"""Which address of the files goes to which view."""

from openviper import Router

from media import views
from media.api import CoverView

pages = Router()
pages.get("/media", name="media")(views.show_media)
pages.get("/media/covers/{book_id:int}", name="cover")(views.send_cover)
pages.get("/media/extracts/{book_id:int}.txt", name="extract")(views.send_extract)
pages.get("/books/{book_id:int}/cover", name="cover-form")(views.show_cover_form)
pages.post("/books/{book_id:int}/cover", name="cover-send")(views.take_cover)

api = Router()
CoverView.register(api, "/covers", name="api-covers")
