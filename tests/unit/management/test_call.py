"""Commands called from code."""

import io
from typing import TYPE_CHECKING

import pytest

from openviper.conf import settings
from openviper.management import CommandError, acall_command, call_command

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

GREET = """
from openviper.management.base import BaseCommand, CommandError
class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("--times", type=int, default=1)
    {kind} handle(self, *, name, times):
        if times < 0: raise CommandError("not so few")
        self.stdout(f"Hello {{name}} " * times, ending="")
        self.stderr("greeted")
        return times - 1
"""


@pytest.fixture(params=["def", "async def"])
def greeting(request: pytest.FixtureRequest, site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed app with a command ``greet``, once with a plain ``handle`` and once with an async one."""
    site.write({"hello/__init__.py": "", "hello/management/commands/greet.py": GREET.format(kind=request.param)})
    monkeypatch.syspath_prepend(site.root)
    settings.configure(INSTALLED_APPS=("hello",))


@pytest.mark.usefixtures("greeting")
def test_call_takes_words_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    """A call gives words or values, writes where commands write, and returns the exit code."""
    assert call_command("greet", "Ada") == 0
    assert call_command("greet", name="Ada", times=3) == 2

    captured = capsys.readouterr()
    assert captured.out.split() == ["Hello", "Ada"] * 4
    assert captured.err == "greeted\n" * 2


@pytest.mark.usefixtures("greeting")
async def test_call_can_be_awaited(capsys: pytest.CaptureFixture[str]) -> None:
    """On a running loop the same call is awaited, whatever the kind of ``handle``."""
    out, err = io.StringIO(), io.StringIO()

    assert await acall_command("greet", "Ada", "--times=2", stdout=out, stderr=err) == 1

    assert (out.getvalue(), err.getvalue()) == ("Hello Ada Hello Ada ", "greeted\n")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("greeting")
async def test_call_on_a_running_loop_names_the_other_one() -> None:
    """The plain call refuses to block a running loop and says what to write."""
    with pytest.raises(RuntimeError, match=r"await acall_command\('greet', ...\)"):
        call_command("greet", "Ada")


@pytest.mark.usefixtures("greeting")
def test_failures_of_a_call_are_exceptions() -> None:
    """What ends a command line as a message is an exception for a caller."""
    with pytest.raises(CommandError, match="not so few"):
        call_command("greet", "Ada", times=-1)
    with pytest.raises(CommandError, match="required: name"):
        call_command("greet")
    with pytest.raises(CommandError, match="unknown command 'gret'"):
        call_command("gret")
    with pytest.raises(TypeError, match="no argument 'time'"):
        call_command("greet", "Ada", time=1)
