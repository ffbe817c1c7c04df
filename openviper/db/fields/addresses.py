"""Fields that hold addresses: of people, of pages, of machines."""

import re
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias, Unpack, overload

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.base import AnyOptions, Field, FieldKind, FieldOptions, V, shorten
from openviper.db.fields.text import CharField, LimitedOptions

__all__ = ["EmailField", "GenericIPAddressField", "IPAddressField", "URLField"]

Protocol: TypeAlias = Literal["both", "IPv4", "IPv6"]

# Nothing in these patterns can match the same text in two ways, so none takes longer than its subject is long.
_ATOM: Final = r"[^\s\x00-\x20\x7f-\xa0\"(),.:;<>@\[\\\]]+"
_LOCAL_PART: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN_LABEL: Final = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_URL: Final = re.compile(
    r"https?://(?:[^\s\x00-\x1f\x7f/?#@\[\]\\]*@)?(?:(?P<host>[^\s\x00-\x1f\x7f/?#@:\[\]\\]+)|\[(?P<ipv6>[0-9a-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?#][^\s\x00-\x1f\x7f\\]*)?",
    re.IGNORECASE,
)
_HEX_GROUPS: Final = frozenset("0123456789abcdefABCDEF:.")


class AddressOptions(FieldOptions[V], total=False):
    """What an IP address takes."""

    protocol: Protocol
    unpack_ipv4: bool


class EmailField(CharField[V]):
    """An e-mail address, stored as it is written; it takes what ``CharField`` takes.

    The local part has no quotes, the domain has a dot. International ones pass in their own script.
    """

    # The longest that fits into an SMTP path (RFC 5321, 4.5.3.1.3, with its angle brackets).
    usual_length: ClassVar[int] = 254

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "EmailField[str]", *, null: Literal[False] = ..., **options: Unpack[LimitedOptions[str]]
        ) -> None: ...
        @overload
        def __init__(
            self: "EmailField[str | None]", *, null: Literal[True], **options: Unpack[LimitedOptions[str | None]]
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def check_form(self, text: str) -> None:
        """Look at both parts.

        Raises:
            FieldValueError: It is no address.
        """
        local, _, domain = text.rpartition("@")
        if not (len(local.encode()) <= 64 and _LOCAL_PART.fullmatch(local) and _is_domain(domain)):
            raise FieldValueError(f"{shorten(text)} is no e-mail address; write it as name@example.com.")


class URLField(CharField[V]):
    """An absolute URL of the schemes http and https; it takes what ``CharField`` takes."""

    usual_length: ClassVar[int] = 2048

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "URLField[str]", *, null: Literal[False] = ..., **options: Unpack[LimitedOptions[str]]
        ) -> None: ...
        @overload
        def __init__(
            self: "URLField[str | None]", *, null: Literal[True], **options: Unpack[LimitedOptions[str | None]]
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def check_form(self, text: str) -> None:
        """Look at scheme, host and port.

        Raises:
            FieldValueError: It is no such URL.
        """
        found = _URL.fullmatch(text)
        if found is None or not _is_origin(found["host"], found["ipv6"], found["port"]):
            raise FieldValueError(f"{shorten(text)} is no URL; write it as https://example.com/path.")


class _AddressBase(Field[V]):
    """What all IP addresses have in common."""

    kind = FieldKind.IP
    value_type: ClassVar[type] = str

    protocol: Protocol = "both"
    unpack_ipv4 = False

    def coerce(self, value: object) -> object:
        """Take an address as text, or as an object of ``ipaddress``.

        Raises:
            FieldValueError: It is none, or not of the protocol.
        """
        # Few models have addresses, and a start should not pay for them.
        from ipaddress import IPv4Address, IPv6Address, ip_address

        known = isinstance(value, str) and len(value) <= 45 and _HEX_GROUPS.issuperset(value)
        if not known and not isinstance(value, IPv4Address | IPv6Address):
            raise FieldValueError(f"{shorten(value)} is no IP address.")
        try:
            # What passes has no zone (``%eth0``), which means something on one machine only.
            address = ip_address(str(value))
        except ValueError as error:
            raise FieldValueError(f"{shorten(value)} is no IP address.") from error
        if self.unpack_ipv4 and isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        if self.protocol not in ("both", f"IPv{address.version}"):
            raise FieldValueError(f"{shorten(value)} is no address of {self.protocol}.")
        return str(address)


class GenericIPAddressField(_AddressBase[V]):
    """An IP address, as text in its shortest form.

    Args:
        protocol: Which versions are allowed.
        unpack_ipv4: Whether an IPv4 address in the clothes of IPv6 (``::ffff:192.0.2.1``) is stored as ``192.0.2.1``.
        options: As for every field.
    """

    @overload
    def __init__(
        self: "GenericIPAddressField[str]", *, null: Literal[False] = ..., **options: Unpack[AddressOptions[str]]
    ) -> None: ...
    @overload
    def __init__(
        self: "GenericIPAddressField[str | None]", *, null: Literal[True], **options: Unpack[AddressOptions[str | None]]
    ) -> None: ...
    def __init__(
        self, *, protocol: Protocol = "both", unpack_ipv4: bool = False, **options: Unpack[AnyOptions]
    ) -> None:
        if protocol not in ("both", "IPv4", "IPv6"):
            raise ModelDefinitionError(f"protocol={protocol!r}; write 'both', 'IPv4' or 'IPv6'")
        if unpack_ipv4 and protocol != "both":
            raise ModelDefinitionError("unpack_ipv4=True needs protocol='both'")
        self.protocol = protocol
        self.unpack_ipv4 = unpack_ipv4
        super().__init__(**options)


class IPAddressField(_AddressBase[V]):
    """An IPv4 address, as text; ``GenericIPAddressField`` takes both versions."""

    protocol: Protocol = "IPv4"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "IPAddressField[str]", *, null: Literal[False] = ..., **options: Unpack[FieldOptions[str]]
        ) -> None: ...
        @overload
        def __init__(
            self: "IPAddressField[str | None]", *, null: Literal[True], **options: Unpack[FieldOptions[str | None]]
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...


def _is_domain(domain: str, *, least: int = 2) -> bool:
    labels = domain.split(".")
    return len(domain) <= 253 and len(labels) >= least and all(map(_DOMAIN_LABEL.fullmatch, labels))


def _is_origin(host: str | None, ipv6: str | None, port: str | None) -> bool:
    if port is not None and int(port) > 65535:
        return False
    if host is not None:
        return _is_domain(host.removesuffix("."), least=1)
    # See GenericIPAddressField.
    from ipaddress import AddressValueError, IPv6Address

    try:
        IPv6Address(ipv6 or "")
    except AddressValueError:
        return False
    return True
