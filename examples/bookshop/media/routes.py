"""Which address of the files goes to which view."""

from openviper import Router

from media import views

pages = Router()
pages.get("/media", name="media")(views.show_media)
pages.get("/media/covers/{book_id:int}.svg", name="cover")(views.send_cover)
pages.get("/media/extracts/{book_id:int}.txt", name="extract")(views.send_extract)
