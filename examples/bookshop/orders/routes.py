"""Which address of the orders goes to which view."""

from openviper import Router

from orders import api as json
from orders import views

pages = Router()
pages.get("/cart", name="cart")(views.show_cart)
pages.post("/cart/add", name="cart-add")(views.add_to_cart)
pages.post("/cart/change", name="cart-change")(views.change_cart)
pages.post("/cart/remove", name="cart-remove")(views.remove_from_cart)
pages.get("/checkout", name="checkout")(views.show_checkout)
pages.post("/checkout", name="checkout-send")(views.check_out)
pages.get("/orders", name="orders")(views.show_orders)
pages.get("/orders/{order_id:int}", name="order")(views.show_order)

api = Router()
api.get("/orders", name="api-orders")(json.list_orders)
api.post("/orders", name="api-order-send")(json.create_order)
api.get("/orders/{order_id:int}", name="api-order")(json.get_order)
