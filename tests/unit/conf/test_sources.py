"""Names of sources."""

from openviper.conf import SettingsSource


def test_sources_are_words() -> None:
    """A source is text, so that it can be printed and compared."""
    assert [str(source) for source in SettingsSource] == ["default", "file", "dotenv", "env", "configured", "override"]
    assert SettingsSource("env") is SettingsSource.ENV
