"""Keys made of randomness."""

__all__ = ["generate_secret_key"]


def generate_secret_key(length: int = 64) -> str:
    """Make a new key for ``SECRET_KEY``, of letters, digits, ``-`` and ``_``.

    Args:
        length: Bytes of randomness, at least 1; the text is a third longer (64 bytes give 86 characters).

    Raises:
        ValueError: The length is less than 1.
    """
    import secrets  # loads hmac and random, which a start does not need

    if length < 1:
        raise ValueError(f"a key of {length} bytes is no key; pass at least 1")
    return secrets.token_urlsafe(length)
