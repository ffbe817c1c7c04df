"""Bootstrapping and per-request context; applications seldom need it directly."""
