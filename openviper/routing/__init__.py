"""From a path to the plan of its handler."""

from openviper.routing.router import Router, include

__all__ = ["Router", "include"]
