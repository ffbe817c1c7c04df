"""The application of a project without one."""

from collections.abc import Iterator

import pytest

from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings
from openviper.server.application import create_application


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """No settings and no apps before and after."""
    settings.reset()
    reset_setup()
    yield
    settings.reset()
    reset_setup()


def test_application_is_made_from_the_settings() -> None:
    """Its name is the project's; everything else comes from the settings as well."""
    settings.configure(PROJECT_NAME="Lamps", DEBUG=False)

    app = create_application()

    assert app.title == "Lamps"
    assert app.debug is False
