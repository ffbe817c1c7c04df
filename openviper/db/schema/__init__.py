"""Tables as data, and the DDL that makes them."""
