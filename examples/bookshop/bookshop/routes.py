"""Which address goes where."""

from openviper.routing.router import Router

from bookshop import views
from catalogue.routes import api, pages

router = Router()
router.get("/health", name="health")(views.show_health)

route_paths = [("/", router), ("/", pages), ("/api", api)]
