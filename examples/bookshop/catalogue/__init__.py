"""The books of the shop: their data, pages and API."""
