"""``Content-Disposition``: the name that a client saves a download under (RFC 6266)."""

from urllib.parse import quote

__all__ = ["format_disposition"]

# RFC 8187 3.2.1: what stands in an extended value as it is.
_SAFE = "!#$&+-.^_`|~"


def format_disposition(kind: str, filename: str) -> str:
    """Write the field for a name in any script.

    Args:
        kind: ``attachment`` or ``inline``.
        filename: The name; folders in it are cut off, and what could not be part of a name becomes an underscore.
    """
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(character if character.isprintable() else "_" for character in name) or "download"
    # Some clients decode percent signs in the plain form and some end it at an escaped quote, so neither is in it.
    plain = "".join(character if character.isascii() and character not in '"%\\' else "_" for character in name)
    field = f'{kind}; filename="{plain}"'
    if plain != name:
        field += f"; filename*=UTF-8''{quote(name, safe=_SAFE)}"
    return field
