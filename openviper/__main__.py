"""``python -m openviper`` is the ``openviper`` command."""

import sys

from openviper.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
