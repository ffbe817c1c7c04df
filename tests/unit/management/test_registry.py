"""From the name of a command to its class."""

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from openviper.apps.exceptions import AppLifecycleImportError
from openviper.conf import settings
from openviper.management.exceptions import CommandError
from openviper.management.registry import (
    ALIASES,
    CommandListing,
    builtin_names,
    command_names,
    find_command,
    list_commands,
)

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

COMMAND = """
from openviper.management.base import BaseCommand
class Command(BaseCommand):
    help = "{help}"
    def handle(self): self.stdout("{help}")
"""

ENTRY_POINTS = """
[openviper.cli]
count-stars = stars.cli:CountStars
shell = stars.cli:CountStars
lost = stars.nowhere:Command
"""

STARS = """
from openviper.management.base import BaseCommand
class CountStars(BaseCommand):
    help: str = "Count the stars."
class Other: ...
"""


@pytest.fixture
def apps(site: "Site", monkeypatch: pytest.MonkeyPatch) -> "Site":
    """Two installed apps with commands, and an installed distribution with one."""
    site.write(
        {
            "blog/__init__.py": "",
            "blog/management/commands/send_mail.py": COMMAND.format(help="Send mail."),
            "blog/management/commands/check.py": COMMAND.format(help="Hides nothing."),
            "blog/management/commands/_private.py": "raise SystemExit",
            "blog/management/commands/needs_more.py": "import nowhere_to_be_found\n",
            "blog/management/commands/empty.py": '"""Do nothing."""\n',
            "blog/management/commands/wrong.py": "class Command: ...\n",
            "blog/management/commands/broken.py": "def (:\n",
            "wiki/__init__.py": "",
            "wiki/management/commands/send_mail.py": COMMAND.format(help="Never found."),
            "stars/__init__.py": "",
            "stars/cli.py": STARS,
            "stars-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stars\nVersion: 1.0\n",
            "stars-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
        }
    )
    monkeypatch.syspath_prepend(site.root)
    settings.configure(INSTALLED_APPS=("blog", "wiki", "not_installed"))
    return site


def test_builtin_commands_are_known_by_their_files() -> None:
    """Each module of the commands folder is a command, its name with dashes (C-020)."""
    names = builtin_names()

    assert {"check", "create-app", "create-command", "routes", "runserver", "shell", "test", "version"} <= set(names)
    assert names == sorted(names)


@pytest.mark.parametrize("name", builtin_names())
def test_builtin_command_is_listed_with_its_own_help(name: str) -> None:
    """The sentence in the list, read without importing anything, is the ``help`` of the class (C-035)."""
    listed = {listing.name: listing.help for listing in list_commands(with_apps=False)}

    assert find_command(name).help == listed[name] != ""


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_second_name_finds_the_command(alias: str, name: str) -> None:
    """``console`` is ``shell`` and ``start-server`` is ``runserver`` (C-027)."""
    assert find_command(alias) is find_command(name)


@pytest.mark.usefixtures("apps")
def test_commands_are_found_in_apps_then_packages() -> None:
    """Built-in commands come first, then those of apps in their order, then those of packages (A-39)."""
    assert find_command("send-mail").help == "Send mail."
    assert find_command("count-stars").help == "Count the stars."
    assert find_command("check").__module__ == "openviper.management.commands.check"


@pytest.mark.usefixtures("apps")
def test_commands_are_listed_once_without_running_any() -> None:
    """The list names each command with its origin, a broken module included, and runs none of them (C-035)."""
    listings = [listing for listing in list_commands() if listing.origin != "openviper"]

    assert listings == [
        CommandListing("broken", "", "blog"),
        CommandListing("empty", "Do nothing.", "blog"),
        CommandListing("needs-more", "", "blog"),
        CommandListing("send-mail", "Send mail.", "blog"),
        CommandListing("wrong", "", "blog"),
        CommandListing("count-stars", "Count the stars.", "stars"),
        CommandListing("lost", "", "stars"),
    ]
    assert {"stars", "blog", "blog.management"} & set(sys.modules) == set()
    assert {"console", "send-mail", "count-stars"} <= set(command_names())
    assert "count-stars" in {listing.name for listing in list_commands(with_apps=False)}


def test_package_of_the_project_may_have_commands(apps: "Site") -> None:
    """The project's own package is searched although no entry of ``INSTALLED_APPS`` names it."""
    apps.write({"web/__init__.py": "", "web/management/commands/open_shop.py": COMMAND.format(help="Open.")})
    importlib.invalidate_caches()

    assert find_command("open-shop", "web").help == "Open."
    assert "open-shop" in command_names("web")
    with pytest.raises(CommandError, match="unknown command 'open-shop'"):
        find_command("open-shop")


def test_package_of_the_settings_is_that_of_the_project(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being told, the package is the one that the settings module lies in."""
    site.write(
        {
            "web/__init__.py": "",
            "web/settings.py": "",
            "web/management/commands/open_shop.py": COMMAND.format(help="Open."),
        }
    )
    monkeypatch.syspath_prepend(site.root)
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "web.settings")

    assert find_command("open-shop").help == "Open."


@pytest.mark.usefixtures("apps")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sned-mail", "unknown command 'sned-mail' (did you mean 'send-mail'?)"),
        ("shel", "unknown command 'shel' (did you mean 'shell'?)"),
        ("../check", "unknown command '../check'"),
        ("empty", "lacks its class: module 'blog.management.commands.empty' has no attribute 'Command'"),
        ("wrong", "blog.management.commands.wrong:Command is no subclass of openviper.management.base.BaseCommand"),
        ("lost", "'lost' cannot be imported from stars.nowhere: ModuleNotFoundError: No module named 'stars.nowhere'"),
    ],
)
def test_command_that_cannot_be_used_says_why(name: str, message: str) -> None:
    """An unknown name brings the closest one; a command that is there is never called unknown (C-035)."""
    with pytest.raises(CommandError) as caught:
        find_command(name)

    assert message in str(caught.value)


@pytest.mark.usefixtures("apps")
@pytest.mark.parametrize(
    ("name", "cause"), [("needs-more", "No module named 'nowhere_to_be_found'"), ("broken", "SyntaxError")]
)
def test_module_that_cannot_be_imported_is_named(name: str, cause: str) -> None:
    """A missing import or a fault inside a command's module is reported as such, with the module (C-035)."""
    with pytest.raises(AppLifecycleImportError, match=cause) as caught:
        find_command(name)

    assert caught.value.module == f"blog.management.commands.{name.replace('-', '_')}"


def test_app_that_cannot_be_imported_is_not_passed_over(apps: "Site") -> None:
    """An app whose package lacks an import is the error, since the command may be in it."""
    apps.write({"blog/__init__.py": "import nowhere_to_be_found\n"})

    with pytest.raises(AppLifecycleImportError, match="No module named 'nowhere_to_be_found'"):
        find_command("send-mail")


def test_broken_settings_are_named_for_an_unknown_command(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the settings cannot be read, a name that is not built in says so, and built-in ones still work (C-035)."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "nowhere.settings")

    assert find_command("check").help
    with pytest.raises(
        CommandError, match=r"'chek' is no built-in command \(did you mean 'check'\?\).*nowhere.settings"
    ):
        find_command("chek")
