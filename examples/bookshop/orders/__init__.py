"""What is bought: the cart, the checkout, and the orders."""

requires = ("catalogue", "members")
