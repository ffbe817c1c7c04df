"""What the check command says about databases."""

from collections.abc import Iterator
from typing import Any

import pytest

from openviper.conf import settings
from openviper.core.checks import clear_checks, run_checks
from openviper.db import CheckConstraint, Index, Model, Q, UniqueConstraint, fields
from openviper.db.checks import register_checks
from openviper.db.events import model_event
from openviper.db.functions import Lower
from openviper.db.registry import registry
from openviper.db.routing import PrimaryReplicaRouter
from openviper.primitives.problems import Problem, Severity


@pytest.fixture(autouse=True)
def _no_other_models() -> Iterator[None]:
    with registry.isolated():
        registry.clear()
        yield


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


def test_routers_are_looked_at() -> None:
    """One that cannot be made, or that names an alias which is not there, is a finding."""
    for routers, part in (
        (["no.such.Router"], "no.such.Router"),
        ([PrimaryReplicaRouter("default", ["gone"])], "gone"),
    ):
        settings.reset()
        settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "ROUTERS": routers})
        clear_checks()
        register_checks()
        problems = run_checks()
        clear_checks()
        assert [problem.id for problem in problems] == ["db.E003"]
        assert part in problems[0].message


def test_homes_of_models_are_looked_at() -> None:
    """A home that is no alias is a finding, and so is a reference into another home."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "far": {"URL": "sqlite://"}})

    class Distant(Model):
        class Meta:
            backend = "far"

    class Nowhere(Model):
        class Meta:
            backend = "gone"

    class Referring(Model):
        distant = fields.ForeignKey(Distant)

    clear_checks()
    register_checks()
    problems = [(problem.id, problem.message) for problem in run_checks()]
    clear_checks()
    assert sorted(number for number, _ in problems) == ["db.E004", "db.E005"]
    told = dict(problems)
    assert "Nowhere lives in database 'gone'" in told["db.E004"]
    assert "Referring.distant refers to db.Distant" in told["db.E005"]
    assert Referring.objects.model is Referring
    assert Nowhere.objects.model is Nowhere


def test_misnamed_hooks_are_warned_of() -> None:
    """A veto that nothing would ever ask is a warning with the name of the hook (C-117k)."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}})
    with registry.isolated():

        class Vetoed(Model):
            async def before_delete(self) -> None:
                raise ValueError

        found = [problem for problem in problems_found() if problem.id == "db.W011"]
    assert [problem.severity for problem in found] == [Severity.WARNING]
    assert "Vetoed.before_delete" in found[0].message
    assert "on_delete" in found[0].message


def tables_found() -> list[tuple[str, str]]:
    return [(one.id, one.message) for one in problems_found() if one.id in {"db.E006", "db.E007"}]


def declare_tables() -> None:
    """Make models that cannot have a table, and some that can, or need none."""

    class Fine(Model):
        name = fields.CharField(max_length=5, db_default="x")

        class Meta:
            indexes = (Index(Lower("name"), name="fine"),)

    class Typo(Model):
        name = fields.CharField(max_length=5)

        class Meta:
            indexes = (Index(Lower("nmae"), name="typo"),)

    class Partial(Model):
        name = fields.CharField(max_length=5)

        class Meta:
            indexes = (Index(["name"], condition=Q(nmae="x")),)

    class Checked(Model):
        name = fields.CharField(max_length=5)

        class Meta:
            constraints = (CheckConstraint(check=Q(nmae="x"), name="checked"),)

    class Worded(Model):
        number: Any = fields.IntegerField(db_default="x")  # type: ignore[call-overload]  # no number

    class Empty(Model):
        number: Any = fields.IntegerField(db_default=None)  # type: ignore[call-overload]  # not null

    class Lowered(Model):
        name = fields.CharField(max_length=5)

        class Meta:
            backend = "maria"
            constraints = (UniqueConstraint(Lower("name"), name="lowered"),)

    class Unmanaged(Model):
        number: Any = fields.IntegerField(db_default="x")  # type: ignore[call-overload]  # no number

        class Meta:
            managed = False

    class Lost(Model):
        other: Any = fields.ForeignKey("Nowhere")


def test_tables_that_could_not_be_made_are_found() -> None:
    """Each model is held against the engine of its database, without a connection; the finding names it."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "maria": {"URL": "mariadb://u:secret@host/x"}})
    with registry.isolated():
        declare_tables()
        found = tables_found()
        assert {number for number, _ in found} == {"db.E006"}
        texts = [text.removeprefix("the table of db.") for _, text in found]
        expected = [
            "Typo cannot be made on sqlite: an index of db.Typo: db.Typo has no field 'nmae'",
            "Partial cannot be made on sqlite: a condition of db.Partial: db.Partial has no field 'nmae'",
            "Checked cannot be made on sqlite: a condition of db.Checked: db.Checked has no field 'nmae'",
            "Worded cannot be made on sqlite: db_default of db.Worded.number: 'x' is no whole number.",
            "Empty cannot be made on sqlite: db_default of db.Empty.number: This field cannot be null.",
            "Lowered cannot be made on mariadb: mariadb has no unique index of expressions, such as lowered of db_low",
        ]
        assert [text[: len(known)] for text, known in zip(texts, expected, strict=True)] == expected
        settings.reset()
        assert ("db.E006", "Typo") in [(number, text.split()[3].removeprefix("db.")) for number, text in tables_found()]


def test_tables_that_nobody_makes_are_passed_over() -> None:
    """Those that others manage, and those whose references lead nowhere, which is another finding."""
    with registry.isolated():

        class Unmanaged(Model):
            number: Any = fields.IntegerField(db_default="x")  # type: ignore[call-overload]  # no number

            class Meta:
                managed = False

        class Lost(Model):
            other: Any = fields.ForeignKey("Nowhere")

        assert tables_found() == []
        assert [one.id for one in problems_found()] == ["db.E002"]


def test_a_project_without_a_main_database_is_told() -> None:
    """Where DATABASES has others only, a model without Meta.backend has no home, unless a router gives it one."""
    databases = {"other": {"URL": "sqlite://"}, "twin": {"URL": "sqlite://"}}
    with registry.isolated():

        class Homely(Model):
            class Meta:
                backend = "other"

        with settings.overridden(DATABASES=databases):
            assert tables_found() == []

            class Homeless(Model):
                pass

            ((number, text),) = tables_found()
            assert number == "db.E007"
            assert text.startswith("DATABASES has no 'default', in which db.Homeless and every model lives")
        replicas = {**databases, "ROUTERS": [PrimaryReplicaRouter("other", ["twin"])]}
        with settings.overridden(DATABASES=replicas):
            assert tables_found() == []
