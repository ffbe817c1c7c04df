"""What the check command says about databases."""

from openviper.conf import settings
from openviper.core.checks import clear_checks, run_checks
from openviper.db.checks import register_checks
from openviper.db.events import model_event
from openviper.primitives.problems import Problem


def test_every_database_is_looked_at() -> None:
    """Each alias that cannot work is one finding; the others are not opened."""
    settings.configure(
        DATABASES={
            "default": {"URL": "sqlite:////nowhere/at/all.db"},
            "old": {"URL": "dbase://host/x"},
            "slow": {"URL": "sqlite://", "LOCK_TIMEOUT": 0},
        }
    )
    clear_checks()
    register_checks()
    problems = run_checks()
    clear_checks()
    assert [problem.id for problem in problems] == ["db.E001", "db.E001"]
    assert "dbase" in problems[0].message
    assert "LOCK_TIMEOUT" in problems[1].message


def test_every_handler_is_looked_at() -> None:
    """Each that is outside, unknown, unimportable or for a model that is not there is one finding (C-117)."""

    async def evil(instance: object, event: str) -> None:
        pass

    evil.__module__ = "evilplugin.events"
    stated = {
        "db.Nothing": {"after_insert": ["tests.unit.db.test_checks.note"]},
        "shop.Item": {"after_insert": ["evil.note", "tests.nowhere.note"], "after_insret": ["tests.note"]},
    }
    settings.configure(INSTALLED_APPS=("tests",), MODEL_EVENTS=stated)
    assert [problem.id for problem in problems_found()] == ["db.E011", "db.E013", "db.E012"]

    with model_event.isolated(), settings.overridden(MODEL_EVENTS={"db.Nothing": stated["db.Nothing"]}):
        assert [problem.id for problem in problems_found()] == ["db.E014"]
    try:
        model_event.after_insert("db.Nothing")(evil)
        with settings.overridden(MODEL_EVENTS={}):
            found = problems_found()
    finally:
        model_event.remove(evil)
    assert [problem.id for problem in found] == ["db.E011", "db.E014"]
    assert "evilplugin.events" in found[0].message


async def note(instance: object, event: str) -> None:
    """Be a handler."""


def problems_found() -> list[Problem]:
    clear_checks()
    register_checks()
    try:
        return run_checks()
    finally:
        clear_checks()
