"""The ``settings`` object: loads on first use, is read-only, can be overridden in tests."""

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openviper.conf.annotations import fit, is_setting_name
from openviper.conf.base import BaseSettings
from openviper.conf.defaults import Settings
from openviper.conf.environment import DotenvFile, current_environment, dotenv_folders
from openviper.conf.exceptions import UnknownSettingError
from openviper.conf.loader import (
    READ_TOO_EARLY,
    LoadedSettings,
    forget_module,
    load_configured,
    load_module,
)
from openviper.conf.masking import find_secrets, mask
from openviper.conf.secrets import generate_secret_key
from openviper.conf.sources import SettingsSource
from openviper.conf.spelling import closest
from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.problems import Problem

__all__ = ["LazySettings", "settings"]

logger = logging.getLogger("openviper.conf")

# For type checkers the object has every setting with its type; at run time it must not have the defaults.
if TYPE_CHECKING:
    _Names = Settings
else:
    _Names = object


@dataclasses.dataclass(slots=True)
class _State:
    """What is behind the values; read and changed under the lock only."""

    lock: threading.RLock = dataclasses.field(default_factory=threading.RLock)
    dotenv: DotenvFile = dataclasses.field(default_factory=DotenvFile)
    loaded: LoadedSettings | None = None
    layers: list[Mapping[str, object]] = dataclasses.field(default_factory=list)
    process_key: str = ""
    is_configured: bool = False
    # Threads that are importing the settings module. The lock is not held meanwhile: the module may import one that
    # another thread is importing, and that one may read a setting, so that each would wait for the other's lock.
    loaders: set[int] = dataclasses.field(default_factory=set)
    # What others have made of values, and make anew.
    listeners: list[Callable[[], None]] = dataclasses.field(default_factory=list)


class LazySettings(_Names):
    """The settings of this process, read as attributes: ``settings.DEBUG`` or ``settings["DEBUG"]``.

    The first read loads them. A load that fails leaves nothing behind and is tried again at the next read. Any
    number of threads may read at once.

    Raises:
        AttributeError: On writing, since settings are read-only; on reading a name that no setting has
            (``UnknownSettingError``, a KeyError as well).
    """

    # Values stand in the instance's own __dict__, so that reading one costs what any attribute costs. It is replaced
    # whole, so that a reader in another thread sees all values of before or all of after.
    __slots__ = ("__dict__", "_state")

    _state: _State

    def __init__(self) -> None:
        object.__setattr__(self, "_state", _State())

    def __getattr__(self, name: str) -> Any:
        # Only called for what is not in __dict__. Tools probe objects for all kinds of names; none of those loads.
        if not is_setting_name(name):
            raise AttributeError(f"settings have no attribute {name!r}")
        self._load()
        values = vars(self)
        if name in values:
            return values[name]
        if name == "SECRET_KEY":
            return self._use_process_key()
        raise UnknownSettingError(name, suggestion=closest(name, values))

    def __getitem__(self, name: str) -> Any:
        if is_setting_name(name):
            return getattr(self, name)
        raise UnknownSettingError(name, suggestion=closest(name.upper(), self.as_dict()))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"settings are read-only: {name} cannot be set; state it in the settings module, "
            "or use override_settings() in a test"
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"settings are read-only: {name} cannot be deleted")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(vars(self) if self.is_loaded else Settings.__dataclass_fields__)]

    def __repr__(self) -> str:
        if not self.is_loaded:
            return "<settings, not loaded>"
        origin = "configure()" if self._state.is_configured else self.module or "the defaults"
        return f"<settings from {origin}>"

    def __reduce__(self) -> str:
        # A copy is the same object, and another process has settings of its own under this name.
        return "settings"

    @property
    def is_loaded(self) -> bool:
        """Whether values are there, so that reading one cannot fail."""
        return self._state.loaded is not None

    @property
    def module(self) -> str | None:
        """Name of the settings module that was loaded; None before loading and when there is none."""
        loaded = self._state.loaded
        return loaded.module if loaded else None

    @property
    def env_file(self) -> Path | None:
        """The ``.env`` file that was read; None before loading and when there is none."""
        return self._state.dotenv.path

    @property
    def settings_class(self) -> type[BaseSettings]:
        """The class that declares the settings; loads them if need be."""
        return type(self._load().instance)

    @property
    def load_problems(self) -> tuple[Problem, ...]:
        """What the load found odd and went on with; the settings checks report it."""
        loaded = self._state.loaded
        return (*loaded.problems, *loaded.ignored) if loaded else ()

    def configure(self, obj: object = None, **fields: object) -> None:
        """State the settings in a program, in place of a settings module; environment variables have no say then.

        Args:
            obj: A settings instance or class, or any object with upper-case attributes, such as a module; None
                means the defaults.
            fields: Settings that win over it.

        Raises:
            RuntimeError: Settings have been read or configured before.
            TypeError: The object is a mapping, a text, a number or the like, or a field is no upper-case name.
            SettingsValidationError: A setting has no value.
        """
        loaded = load_configured(obj, fields)
        state = self._state
        with state.lock:
            if state.loaded is not None:
                how = "configured" if state.is_configured else "loaded, since a setting was read"
                raise RuntimeError(
                    f"settings are already {how}; call settings.configure() once, before anything reads a setting"
                )
            state.loaded, state.is_configured = loaded, True
            self._publish()

    def setup(self, force: bool = False) -> None:
        """Load ``.env`` and the module that ``OPENVIPER_SETTINGS_MODULE`` names, or the defaults if it names none.

        A second call does nothing. Settings that were configured stay as they are.

        Args:
            force: Whether to load again, for a variable, a file or a module that has changed. If that fails, the
                settings of before stay.

        Raises:
            ImproperlyConfigured: The module or ``.env`` cannot be loaded; the message names it and the cause.
            SettingsValidationError: Variables cannot be read, or settings have no value; all of them are named.
        """
        self._load(force=force)

    def reset(self) -> None:
        """Forget everything, as if the process had just started; for tests.

        Variables from ``.env`` go too, and the settings module will be imported anew.
        """
        state = self._state
        with state.lock:
            if self.module is not None:
                forget_module(self.module)
            state.dotenv.clear()
            state.loaded, state.process_key, state.is_configured = None, "", False
            state.layers.clear()
            object.__setattr__(self, "__dict__", {})
            self._tell()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call something whenever there are other values: the settings were loaded, overridden or reset.

        Args:
            listener: Called without arguments, under the lock of the settings; it forgets what it has made of values.
                It must not read any, and must not raise.
        """
        self._state.listeners.append(listener)

    @contextlib.contextmanager
    def overridden(self, **values: object) -> Iterator[None]:
        """Give settings other values inside a ``with`` block, in the whole process; blocks may nest.

        Raises:
            TypeError: A keyword is no upper-case name.
        """
        for name in values:
            if not is_setting_name(name):
                raise TypeError(f"{name!r} is no setting; settings are upper case")
        types = self.field_types()
        layer = {name: fit(value, types.get(name, object)) for name, value in values.items()}
        state = self._state
        with state.lock:
            state.layers.append(layer)
            self._publish()
        try:
            yield
        finally:
            with state.lock:
                # Blocks of concurrent tasks may end in any order, and a reset may have come between.
                state.layers[:] = [other for other in state.layers if other is not layer]
                self._publish()

    def as_dict(self, mask_sensitive: bool = True) -> dict[str, object]:
        """Give every setting and its value, in the order of declaration; loads the settings if need be.

        Args:
            mask_sensitive: Whether secrets are replaced by ``***``, see ``BaseSettings.as_dict``.
        """
        values = {**self._load().instance.as_dict(mask_sensitive=False), **vars(self)}
        return {name: mask(name, value) for name, value in values.items()} if mask_sensitive else values

    def hidden_texts(self) -> frozenset[str]:
        """Give the texts that ``as_dict()`` hides, for what shows other values beside them.

        The key that the process has made for itself is among them. Settings that are not loaded have none.
        """
        if not self.is_loaded:
            return frozenset()
        values = self.as_dict(mask_sensitive=False)
        found = {text for name, value in values.items() for text in find_secrets(name, value)}
        return frozenset({*found, self._state.process_key} - {""})

    def field_types(self) -> dict[str, object]:
        """Give the type of every setting: its annotation, or the type of its value where it has none."""
        return self._load().instance.field_types()

    def source(self, name: str) -> SettingsSource:
        """Tell where the value of a setting came from.

        Raises:
            UnknownSettingError: There is no such setting.
        """
        loaded = self._load()
        with self._state.lock:
            if any(name in layer for layer in self._state.layers):
                return SettingsSource.OVERRIDE
        known = loaded.instance.field_types()
        if name not in known:
            raise UnknownSettingError(name, suggestion=closest(name, known))
        return loaded.sources.get(name, SettingsSource.DEFAULT)

    def _load(self, *, force: bool = False) -> LoadedSettings:
        state, thread = self._state, threading.get_ident()
        with state.lock:
            if state.loaded is not None and (state.is_configured or not force):
                return state.loaded
            if thread in state.loaders:
                raise ImproperlyConfigured(READ_TOO_EARLY)
            if force or not state.loaders:  # else another thread has read it, and may be reading its variables
                state.dotenv.load(*dotenv_folders())
            state.loaders.add(thread)
        try:
            loaded = load_module(state.dotenv, fresh=force)
        finally:
            with state.lock:
                state.loaders.discard(thread)
        with state.lock:
            # The first thread that is ready decides, so that all of them see the same values.
            if state.loaded is None or (force and not state.is_configured):
                state.loaded = loaded
                self._publish()
                for problem in loaded.problems:
                    logger.warning("%s; %s", problem.message, problem.hint)
            return state.loaded

    def _publish(self) -> None:
        loaded = self._state.loaded
        if loaded is None:
            return
        values = loaded.instance.as_dict(mask_sensitive=False)
        for layer in self._state.layers:
            values.update(layer)
        if not values["SECRET_KEY"] and current_environment() != "production":
            del values["SECRET_KEY"]  # made when first asked for, see __getattr__
        object.__setattr__(self, "__dict__", {name: value for name, value in values.items() if is_setting_name(name)})
        self._tell()

    def _tell(self) -> None:
        for listener in self._state.listeners:
            listener()

    def _use_process_key(self) -> str:
        state = self._state
        with state.lock:
            if not state.process_key:
                state.process_key = generate_secret_key()
                logger.warning(
                    "SECRET_KEY is not set: this process uses a random one, so logins and signed links end with it; "
                    "put SECRET_KEY into .env"
                )
            return state.process_key


settings = LazySettings()
