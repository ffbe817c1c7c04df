"""The page of a project that has no page yet."""

from openviper.app.landing import landing_page


def test_title_is_text_and_never_markup() -> None:
    """A project may call itself what it likes."""
    body = landing_page("<b>Shop</b> {x}").body.decode()
    assert "&lt;b&gt;Shop&lt;/b&gt; {x} is running" in body
    assert "color-scheme" in body
