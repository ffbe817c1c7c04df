"""Every setting of the framework with its type and default: one class an area, ``Settings`` for all of them."""

from openviper.conf.defaults.framework import Settings

__all__ = ["Settings"]
