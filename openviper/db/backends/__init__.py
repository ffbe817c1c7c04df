"""The only code that talks to a driver: one module an engine, and the pool that they share."""
