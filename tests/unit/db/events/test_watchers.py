"""Who waits for the events of a model: what is found, what is refused, and when it is found anew."""

import logging
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from openviper.conf import settings
from openviper.db import AbstractModel, Model, fields
from openviper.db.events import model_event
from openviper.db.events.watchers import HandlerRegistry, handlers, label_of, watchers_of
from openviper.db.options import Options
from openviper.db.registry import registry
from openviper.exceptions import ImproperlyConfigured


@pytest.fixture(autouse=True)
def own_models() -> Iterator[None]:
    """Forget the models and the handlers of each test."""
    with registry.isolated(), model_event.isolated():
        yield


def note(instance: object, event: str, **extra: object) -> None:
    """Be a handler."""


def from_module(name: str) -> object:
    """Make a handler that is from some module."""

    async def handler(instance: object, event: str, **extra: object) -> None:
        pass

    handler.__module__ = name
    return handler


def registered(module: str, label: str = "unit.Post") -> HandlerRegistry:
    """Make a registry with one handler, from some module."""
    made = HandlerRegistry()
    made.register(label, "after_insert", from_module(module))  # type: ignore[arg-type]  # it is a function
    return made


def make_post() -> type[Model]:
    class Post(Model):
        title = fields.CharField(max_length=10)

    return Post


def test_nobody_waits_for_most_models() -> None:
    """A model without hooks and handlers has nothing that a write would look at (C-117h)."""
    assert watchers_of(make_post()._meta) is None


def test_hooks_and_handlers_are_found() -> None:
    """What waits is known by event, with the hooks of the classes above."""

    class Base(AbstractModel):
        async def on_delete(self) -> None:
            pass

    class Post(Base):
        async def before_save(self) -> None:
            pass

    model_event.on_change(Post)(note)
    found = watchers_of(Post._meta)
    assert found is not None
    assert found.hooks == {"on_delete", "before_save"}
    assert found.events == {"on_delete", "before_save", "on_change"}
    assert (found.deletes, found.changes) == (True, True)


def test_handlers_of_an_abstract_model_wait_for_those_below() -> None:
    """Handlers are inherited as methods are (C-117e)."""

    class Base(AbstractModel):
        pass

    class Post(Base):
        pass

    model_event.after_insert(Base)(note)
    found = watchers_of(Post._meta)
    assert found is not None
    assert [one.function for one in found.handlers["after_insert"]] == [note]


def test_answer_is_kept_until_something_changes() -> None:
    """A second look finds the same; a handler, or other settings, make it look anew (C-117h)."""
    post = make_post()
    model_event.after_insert(post)(note)
    first = watchers_of(post._meta)
    assert watchers_of(post._meta) is first
    with settings.overridden(DEBUG=True):
        assert watchers_of(post._meta) is not first
    model_event.remove(note)
    assert watchers_of(post._meta) is None


def test_same_function_is_one_handler() -> None:
    """A second registration takes the place of the first, also of a module that was loaded again (C-117e)."""
    post = make_post()
    model_event.after_insert(post)(note)
    model_event.after_insert(post)(note)
    again = from_module(__name__)
    again.__qualname__ = "note"  # type: ignore[attr-defined]  # a function has one
    model_event.after_insert(post)(again)  # type: ignore[type-var]  # it is a function
    found = watchers_of(post._meta)
    assert found is not None
    assert [one.function for one in found.handlers["after_insert"]] == [again]


@pytest.mark.parametrize(
    ("module", "apps", "is_called"),
    [
        ("myplugin.events", ("myplugin",), True),
        ("myplugin.deep.events", ("myplugin.users",), True),
        ("mypluginevil.events", ("myplugin",), False),
        ("my.events", ("myplugin",), False),
        ("other.events", ("myplugin", "openviper.auth"), False),
        ("openviper.audit", ("myplugin",), True),
        ("openviperish.audit", ("myplugin",), False),
        ("__main__", ("myplugin",), True),
        ("anything.events", (), True),
        ("anything.events", ("openviper.auth",), True),
    ],
)
def test_only_installed_apps_have_handlers(
    caplog: pytest.LogCaptureFixture, module: str, apps: tuple[str, ...], is_called: bool
) -> None:
    """Whole root names are compared; a script without a project has nothing to compare with (C-117, A-42)."""
    made = registered(module)
    post = make_post()
    with settings.overridden(INSTALLED_APPS=apps), caplog.at_level(logging.ERROR, "openviper.db.events"):
        found = HandlerRegistry.find(made, relabelled(post))
        HandlerRegistry.find(made, relabelled(post))
    assert (found is not None) == is_called
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == (0 if is_called else 1)
    assert is_called or (module in told[0] and "INSTALLED_APPS" in told[0])


def relabelled(model: type[Model]) -> Options:
    """Give the options of a model; its label is what handlers of these tests wait for."""
    options = model._meta
    object.__setattr__(options, "label", "unit.Post")
    return options


def test_late_handler_from_outside_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """Once the settings have been read, whoever registers learns it there and then (C-117)."""
    with settings.overridden(INSTALLED_APPS=("shop",)), caplog.at_level(logging.ERROR, "openviper.db.events"):
        made = HandlerRegistry()
        made.load()
        made.register("shop.Item", "after_insert", from_module("evil.events"))  # type: ignore[arg-type]  # a function
    assert "evil.events" in caplog.text


def test_handlers_of_tests_may_be_from_anywhere() -> None:
    """Inside isolated() a test registers its own; at the end they are forgotten (C-117, A-42)."""
    post = make_post()
    with settings.overridden(INSTALLED_APPS=("shop",)):
        with model_event.isolated():
            model_event.after_insert(post)(note)
            assert watchers_of(post._meta) is not None
        assert watchers_of(post._meta) is None


def test_module_outside_is_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the setting names is refused by its name alone (C-117)."""
    module = ModuleType("evilplugin")
    monkeypatch.setitem(sys.modules, "evilplugin", module)
    module.handle = note  # type: ignore[attr-defined]  # as a module has it
    post = make_post()
    stated = {label_of(post): {"after_insert": ["evilplugin.handle"]}}
    with settings.overridden(INSTALLED_APPS=("tests",), MODEL_EVENTS=stated):
        assert watchers_of(post._meta) is None
    with settings.overridden(INSTALLED_APPS=("tests", "evilplugin"), MODEL_EVENTS=stated):
        assert watchers_of(post._meta) is not None


def test_setting_that_cannot_work_is_told_at_the_write() -> None:
    """Without setup() the first write of any model reads the setting, and says all that is wrong with it."""
    post = make_post()
    stated = {"shop.Item": {"after_insret": ["tests.nothing"], "on_update": ["tests.nothing.at_all"]}}
    with settings.overridden(INSTALLED_APPS=("tests",), MODEL_EVENTS=stated):
        for _ in range(2):
            with pytest.raises(ImproperlyConfigured, match=r"did you mean 'after_insert'.*cannot be loaded"):
                watchers_of(post._meta)
    assert watchers_of(post._meta) is None


def test_unknown_models_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that waits for what does not exist is no failure, and is in the log when all models are there."""
    made = registered("openviper.audit", "shop.Nothing")
    with caplog.at_level(logging.ERROR, "openviper.db.events"):
        made.tell_unknown()
        made.tell_unknown()
    assert caplog.text.count("shop.Nothing") == 1


def test_clear_forgets_what_decorators_have_registered() -> None:
    """The registry can be emptied."""
    post = make_post()
    model_event.after_insert(post)(note)
    handlers.clear()
    assert watchers_of(post._meta) is None
