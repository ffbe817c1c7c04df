"""How much of a form is accepted."""

from dataclasses import dataclass

from openviper.conf import settings

__all__ = ["FormLimits", "form_limits"]

_KIB = 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FormLimits:
    """Limits of one form; what passes one is answered with 413.

    What fields hold together is limited by the ``max_body_bytes`` of the request.

    Args:
        max_fields: Number of fields.
        max_field_bytes: Largest value of a field, in bytes.
        max_files: Number of files.
        max_file_bytes: Largest file, in bytes.
        max_upload_bytes: Largest body of a form with files, in bytes.
        max_header_bytes: Largest head of a part, and longest name of a field of a plain form, in bytes.
        max_file_memory: Largest part of a file that is kept in memory, in bytes; the rest goes to the disk.
        folder: Where it goes there; empty means the system's folder for temporary files.
    """

    max_fields: int = 1000
    max_field_bytes: int = _MIB
    max_files: int = 100
    max_file_bytes: int = 10 * _MIB
    max_upload_bytes: int = 100 * _MIB
    max_header_bytes: int = 8 * _KIB
    max_file_memory: int = _MIB
    folder: str = ""


def form_limits() -> FormLimits:
    """Give the limits that the settings state; a handler that needs others changes these with ``replace``."""
    return FormLimits(
        max_fields=settings.MAX_FORM_FIELDS,
        max_field_bytes=settings.MAX_FIELD_SIZE,
        max_files=settings.MAX_FORM_FILES,
        max_file_bytes=settings.MAX_FILE_SIZE,
        max_upload_bytes=settings.MAX_UPLOAD_SIZE,
        max_header_bytes=settings.MAX_PART_HEADER_SIZE,
        max_file_memory=settings.UPLOAD_MEMORY_SIZE,
        folder=settings.UPLOAD_TEMP_DIR,
    )
