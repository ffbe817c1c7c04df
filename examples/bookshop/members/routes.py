"""Which address of the members goes to which view."""

from openviper import Router

from members import views

pages = Router()
pages.get("/join", name="join")(views.show_join)
pages.post("/join", name="join-send")(views.join)
pages.get("/me", name="me")(views.show_me)
pages.post("/me/wishes/add", name="wish-add")(views.add_wish)
pages.post("/me/wishes/remove", name="wish-remove")(views.drop_wish)
