"""What holds for every test, whether ``viperctl.py test`` or pytest itself runs it."""

import os

os.environ.setdefault("OPENVIPER_ENV", "testing")
os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "bookshop.settings")
