"""What holds for every test: a clean environment, and how hard property tests try."""

import os

from hypothesis import settings

# Quick by default; `make slow` runs the full profile. Neither has a deadline: a loaded machine is no fault.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("full", max_examples=2000, deadline=None)
settings.load_profile("quick")

# What a developer's shell says about a project of theirs must not reach the tests.
for name in [name for name in os.environ if name.startswith("OPENVIPER_")]:
    del os.environ[name]
for name in ("FORCE_COLOR", "NO_COLOR"):
    os.environ.pop(name, None)
