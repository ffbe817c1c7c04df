"""Addresses of people, pages and machines."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields import EmailField, GenericIPAddressField, IPAddressField, URLField


@pytest.mark.parametrize(
    "address",
    ["ann@example.com", "a.b+c@sub.example.co.uk", "jörg@bücher.de", "x@xn--bcher-kva.de", f"{'a' * 64}@b.cd"],
)
def test_email_passes_as_written(address: str) -> None:
    """An address keeps its case and its script."""
    assert EmailField().clean(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "ann", "@b.cd", "ann@", "ann@localhost", "a b@c.de", "ann@b..cd", ".ann@b.cd", "a..n@b.cd", "ann@-b.cd",
        "a@b@c.de", "ann@b.cd\n", "ann\r\nBcc: x@b.cd", "ann\x7f@b.cd", "a<b>@c.de", f"{'a' * 65}@b.cd",
        f"a@{'b' * 64}.cd", f"a@{'b.' * 127}cd", '"ann"@b.cd', "ann@b.cd.", "ann@[127.0.0.1]", "ann,bob@b.cd",
    ],
)  # fmt: skip
def test_text_that_is_no_email(address: str) -> None:
    """What has no domain, or could smuggle a second header or recipient into a message, is refused."""
    with pytest.raises(FieldValueError):
        EmailField().clean(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com", "HTTP://EXAMPLE.com:8080/a/b?c=d#e", "https://ann:secret@example.com/", "http://localhost/",
        "https://bücher.de/ä", "http://127.0.0.1:1/", "https://[2001:db8::1]:443/x", "https://example.com.?q",
    ],
)  # fmt: skip
def test_url_passes_as_written(url: str) -> None:
    """Hosts may be names of every script and addresses of both kinds."""
    assert URLField().clean(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "ftp://example.com", "//example.com", "example.com", "https://", "https:///path",
        "http://exa mple.com", "https://example.com/a b", "https://example.com\n", "https://e.com:99999/", "https://e.com:x/",
        "https://[::1", "https://[12345::]/", "https://a..b/", "https://-a.b/", "https://a@b@c.de/", "https://e.com\\@evil.de/",
        "data:text/html,x", "https://\x00e.com/",
    ],
)  # fmt: skip
def test_text_that_is_no_url(url: str) -> None:
    """Other schemes, lost hosts and what browsers read as another host are refused."""
    with pytest.raises(FieldValueError):
        URLField().clean(url)


@given(st.text(alphabet=st.sampled_from("ahtps:/.@[]#?%-_0 \\\n"), max_size=40))
def test_url_has_a_host(tail: str) -> None:
    """Whatever passes begins with its scheme, and holds no white space and no backslash."""
    try:
        found = URLField().clean(f"https://{tail}")
    except FieldValueError:
        return
    assert not set(found) & set(" \\\n")
    assert found.removeprefix("https://")[:1] not in {"", "/", "?", "#"}


@given(st.ip_addresses())
def test_every_ip_address_passes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """An address passes as text and as an object, and becomes its shortest text."""
    assert GenericIPAddressField().clean(str(address)) == str(address)
    assert GenericIPAddressField().clean(address) == str(address)


@pytest.mark.parametrize(
    "value", ["", "1.2.3", "01.2.3.4", "1.2.3.4/24", "fe80::1%eth0", "::g", 16909060, b"\1\2\3\4", None]
)
def test_value_that_is_no_ip_address(value: object) -> None:
    """Numbers, networks, zones and leading zeros are no addresses."""
    with pytest.raises(FieldValueError):
        GenericIPAddressField().clean(value)


def test_long_ipv6_address_is_shortened() -> None:
    """One address has one text, so that it can be found."""
    assert GenericIPAddressField().clean("2001:0DB8:0:0:0:0:0:1") == "2001:db8::1"


def test_protocol() -> None:
    """A field of one protocol refuses the other; IPAddressField is of IPv4."""
    assert IPAddressField().clean("192.0.2.1") == "192.0.2.1"
    for field in (IPAddressField(), GenericIPAddressField(protocol="IPv4")):
        with pytest.raises(FieldValueError, match="no address of IPv4"):
            field.clean("::1")
    with pytest.raises(FieldValueError, match="no address of IPv6"):
        GenericIPAddressField(protocol="IPv6").clean("192.0.2.1")


def test_mapped_address() -> None:
    """An IPv4 address in the clothes of IPv6 stays so unless unpack_ipv4 is set."""
    mapped = "::ffff:192.0.2.1"
    assert GenericIPAddressField(unpack_ipv4=True).clean(mapped) == "192.0.2.1"
    assert GenericIPAddressField().clean(mapped) == str(ipaddress.ip_address(mapped))


def test_options_that_contradict() -> None:
    """Unpacking needs both protocols, and there are two of them."""
    with pytest.raises(ModelDefinitionError, match="unpack_ipv4"):
        GenericIPAddressField(protocol="IPv6", unpack_ipv4=True)
    with pytest.raises(ModelDefinitionError, match="protocol"):
        GenericIPAddressField(protocol="ipv4")  # type: ignore[call-overload]  # what is refused
