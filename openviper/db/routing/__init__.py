"""Several databases: what routers are asked, and the one for a primary with its replicas."""

from openviper.db.routing.replicas import PrimaryReplicaRouter, use_primary
from openviper.db.routing.router import DatabaseRouter

__all__ = ["DatabaseRouter", "PrimaryReplicaRouter", "use_primary"]
