"""What every page of the shop knows."""

from openviper import Request
from openviper.conf import settings

from orders.cart import COOKIE, read_cart


async def describe_shop(request: Request) -> dict[str, object]:
    """Give the name of the shop, the number of the visit, and how many books are in the cart."""
    return {
        "shop": settings.PROJECT_NAME,
        "visit": request.scope.get("visit_number"),
        "cart_count": sum(read_cart(request.cookies.get(COOKIE, "")).values()),
    }
