"""Which address goes where."""

from openviper import Router

import catalogue.routes
import media.routes
import members.routes
import orders.routes
from bookshop import views

pages = Router()
pages.get("/", name="home")(views.show_home)
pages.get("/about", name="about")(views.show_about)
pages.get("/api/health", name="health")(views.report_health)

route_paths = [
    ("/", pages),
    ("/", catalogue.routes.pages),
    ("/", members.routes.pages),
    ("/", orders.routes.pages),
    ("/", media.routes.pages),
    ("/api", catalogue.routes.api),
    ("/api", orders.routes.api),
    ("/api", media.routes.api),
]
