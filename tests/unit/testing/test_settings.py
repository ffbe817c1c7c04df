"""override_settings: other values for the time of one test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from openviper.conf import settings
from openviper.testing import override_settings


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Fail a test that leaves a value behind."""
    before = settings.as_dict(mask_sensitive=False)
    yield
    assert settings.as_dict(mask_sensitive=False) == before


def test_block_gives_other_values_and_the_old_ones_back() -> None:
    """Inside the block settings have the given values, after it those of before."""
    before = settings.PROJECT_NAME
    with override_settings(PROJECT_NAME="Shop", LIMIT_OF_OURS=5):
        assert (settings.PROJECT_NAME, settings["LIMIT_OF_OURS"]) == ("Shop", 5)
    assert before == settings.PROJECT_NAME


def test_block_that_fails_gives_the_old_values_back() -> None:
    """An error inside the block passes on and leaves nothing behind."""
    with pytest.raises(LookupError), override_settings(PROJECT_NAME="Shop"):
        raise LookupError


def test_blocks_nest() -> None:
    """The innermost value counts; one object may be entered while it is open."""
    outer = override_settings(PROJECT_NAME="outer")
    with outer, override_settings(PROJECT_NAME="inner"):
        assert settings.PROJECT_NAME == "inner"
        with outer:
            assert settings.PROJECT_NAME == "outer"
        assert settings.PROJECT_NAME == "inner"


def test_function_is_decorated() -> None:
    """A decorated function runs with the values, keeps its name and gives its result; each call anew."""

    @override_settings(PROJECT_NAME="Shop")
    def named(suffix: str) -> str:
        return settings.PROJECT_NAME + suffix

    assert [named("!"), named("?"), named.__name__] == ["Shop!", "Shop?", "named"]


async def test_coroutine_function_is_decorated() -> None:
    """The values hold while the coroutine runs, not only while it is made."""

    @override_settings(PROJECT_NAME="Shop")
    async def named() -> str:
        return settings.PROJECT_NAME

    assert await named() == "Shop"


@override_settings(PROJECT_NAME="Shop")
def test_decorated_test_gets_its_fixtures(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pytest sees the arguments of a decorated test."""
    assert settings.PROJECT_NAME == "Shop"
    assert tmp_path_factory is not None


class Base:
    """Tests that a decorated class inherits."""

    def test_inherited(self) -> None:
        """An inherited test runs with the values of the class that was decorated."""
        assert settings.PROJECT_NAME == "Shop"


@override_settings(PROJECT_NAME="Shop")
class TestDecoratedClass(Base):
    """Every test of a decorated class runs with the values."""

    def test_method(self) -> None:
        """A plain method is decorated."""
        assert settings.PROJECT_NAME == "Shop"

    async def test_coroutine_method(self) -> None:
        """A coroutine method is decorated."""
        assert settings.PROJECT_NAME == "Shop"

    @staticmethod
    def test_static_method() -> None:
        """A static method stays one and is decorated."""
        assert settings.PROJECT_NAME == "Shop"

    @classmethod
    def helper(cls) -> str:
        """Anything else is left alone."""
        return settings.PROJECT_NAME


def test_base_of_a_decorated_class_is_left_alone() -> None:
    """Decorating a class changes neither its bases nor its other methods."""
    assert TestDecoratedClass.helper() != "Shop"
    with pytest.raises(AssertionError):
        Base().test_inherited()


def test_generators_are_refused() -> None:
    """A fixture that yields would lose its values before the test runs, so the block is the way there."""

    def plain() -> Iterator[None]:
        yield

    async def asynchronous() -> AsyncIterator[None]:
        yield

    for function in (plain, asynchronous):
        with pytest.raises(TypeError, match="Use it as a block"):
            override_settings(DEBUG=True)(function)


def test_name_that_is_no_setting_is_refused() -> None:
    """Settings are upper case; a misspelt keyword is not taken for one."""
    with pytest.raises(TypeError, match="debug"), override_settings(debug=True):
        pass
