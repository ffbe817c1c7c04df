"""The limits of a form."""

from dataclasses import replace

from openviper.http.limits import FormLimits, form_limits
from openviper.testing import override_settings


def test_limits_of_the_settings_are_the_defaults() -> None:
    """Without settings of a project the limits are those of the class."""
    assert form_limits() == FormLimits()


def test_every_limit_has_a_setting() -> None:
    """A project changes each of them by name."""
    with override_settings(
        MAX_FORM_FIELDS=1,
        MAX_FIELD_SIZE=2,
        MAX_FORM_FILES=3,
        MAX_FILE_SIZE=4,
        MAX_UPLOAD_SIZE=5,
        MAX_PART_HEADER_SIZE=6,
        UPLOAD_MEMORY_SIZE=7,
        UPLOAD_TEMP_DIR="/uploads",
    ):
        limits = form_limits()

    assert limits == FormLimits(1, 2, 3, 4, 5, 6, 7, "/uploads")
    assert replace(limits, max_files=9).max_files == 9
