"""The books of the shop, their authors and shelves."""
