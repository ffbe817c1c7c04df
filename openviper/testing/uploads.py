"""A form with files, written as a browser writes it."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import BinaryIO, TypeAlias, cast

from openviper.http.media import guess_media_type

__all__ = ["FileContent", "FileValue", "Files", "encode_form"]

FileContent: TypeAlias = bytes | str | BinaryIO
FileValue: TypeAlias = FileContent | tuple[str, FileContent] | tuple[str, FileContent, str]
# A list of files is meant; type checkers would not let a list of one kind of them pass as a list of any.
Files: TypeAlias = Mapping[str, FileValue | Sequence[FileValue]] | Iterable[tuple[str, FileValue]]

# How a name is written between quotes (HTML, "multipart/form-data encoding algorithm"); nothing else is escaped.
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def encode_form(fields: Iterable[tuple[str, str]], files: Files) -> tuple[bytes, str]:
    """Write fields and files as ``multipart/form-data``.

    Args:
        fields: Names and values, which come first.
        files: Contents by the names of their fields; a list repeats its name. A content is bytes, text (UTF-8) or an
            open file, which is read to its end; a tuple puts the file's name before it, and may put its type behind.

    Returns:
        The body and its content type.

    Raises:
        TypeError: A file is of no kind that can be sent.
    """
    boundary = secrets.token_hex(16)
    parts = [_part(boundary, f'name="{_escape(name)}"', "", value.encode()) for name, value in fields]
    for name, value in files.items() if isinstance(files, Mapping) else files:
        for single in value if isinstance(value, list) else [value]:
            filename, content, content_type = _take_apart(name, cast("FileValue", single))
            disposition = f'name="{_escape(name)}"; filename="{_escape(filename)}"'
            parts.append(_part(boundary, disposition, f"Content-Type: {content_type}\r\n", content))
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, disposition: str, content_type: str, content: bytes) -> bytes:
    # A name goes out as it is, so that a test can send one that no file could have.
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{content_type}\r\n"
    return b"%b%b\r\n" % (head.encode("utf-8", "surrogatepass"), content)


def _take_apart(name: str, value: FileValue) -> tuple[str, bytes, str]:
    content_type = ""
    filename = None
    if isinstance(value, tuple):
        filename, content = value[0], value[1]
        content_type = value[2] if len(value) == 3 else ""
    else:
        content = value
    if isinstance(content, str):
        data = content.encode()
    elif isinstance(content, bytes):
        data = content
    else:
        data = _read(name, content)
        if filename is None and isinstance(getattr(content, "name", None), str):
            filename = PurePath(content.name).name
    filename = name if filename is None else filename
    return filename, data, content_type or guess_media_type(filename)


def _read(name: str, file: BinaryIO) -> bytes:
    data: object = file.read() if hasattr(file, "read") else None
    if not isinstance(data, bytes):
        raise TypeError(
            f"the file {name!r} is {type(file).__name__}; give bytes, str, a file open for reading bytes, "
            "or a tuple of file name and one of these"
        )
    return data


def _escape(name: str) -> str:
    return name.translate(_ESCAPES)
