#!/usr/bin/env python
"""The commands of the bookshop: ``python viperctl.py COMMAND``."""

import os
import sys

from openviper.core.flexible_adapter import FlexibleAdapter

if __name__ == "__main__":
    os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "bookshop.settings")
    sys.exit(FlexibleAdapter().run(sys.argv))
