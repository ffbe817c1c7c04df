"""Rendering as code calls it: the environment of the project, made when first needed and when settings change."""

import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from openviper.conf import settings
from openviper.primitives.threads import run_in_thread
from openviper.templating.folders import search_folders, template_folders
from openviper.templating.functions import TemplateGlobal, registered_globals
from openviper.templating.processors import load_processor

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from openviper.templating.renderer import Renderer

__all__ = ["arender_to_string", "get_jinja2_env", "render_to_string", "reset_templating"]


def render_to_string(name: str, context: Mapping[str, object] | None = None) -> str:
    """Render a template at once; in async code ``arender_to_string`` spares the loop.

    Args:
        name: Path below a folder of templates: ``shop/page.html``.
        context: The names that the template has; None gives none.

    Raises:
        TemplateNotFoundError: It, or a template that it names, cannot be found (a LookupError).
        TemplateError: A template is wrong; the message holds file and line.
        ImproperlyConfigured: ``JINJA_PLUGINS`` cannot work.
        Exception: Whatever a function raises that a template calls.
    """
    return _project.renderer().render(name, context or {})


async def arender_to_string(name: str, context: Mapping[str, object] | None = None) -> str:
    """Render a template without holding up the loop; arguments and errors are those of ``render_to_string``.

    Functions that the template calls may run in another thread; they see the caller's context variables.
    """
    renderer = _project.current()
    if renderer is None:
        # The first page loads the engine, which takes longer than the loop can wait.
        renderer = await run_in_thread(_project.renderer)
    return await renderer.arender(name, context or {})


def get_jinja2_env(paths: Sequence[Path | str] | None = None) -> "ImmutableSandboxedEnvironment":
    """Give the environment of the project, or make one for other folders.

    Args:
        paths: Folders to search in place of those of the project; None means the project's, whose environment
            stays the same one until settings change.

    Raises:
        ImproperlyConfigured: ``JINJA_PLUGINS`` cannot work.
    """
    if paths is None:
        return _project.renderer().environment
    return _build(tuple(Path(path).absolute() for path in paths)).environment


def reset_templating() -> None:
    """Forget the environment of the project, every compiled template and every context processor; for tests."""
    _project.reset()
    load_processor.cache_clear()


@dataclass(frozen=True, slots=True)
class _Origin:
    """Everything that the environment of a project depends on; compared at every page, so nothing is looked up."""

    module: object
    templates_dir: str
    apps: tuple[str, ...]
    auto_reload: bool
    plugins: Mapping[str, object]
    functions: Mapping[str, TemplateGlobal]


class _ProjectTemplates:
    """The renderer of the project."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # One value, so that a reader in another thread sees both of before or both of after.
        self._made: tuple[_Origin, Renderer] | None = None

    def current(self) -> "Renderer | None":
        """Give the renderer, if there is one for the settings as they are."""
        made = self._made
        return made[1] if made is not None and made[0] == _origin() else None

    def renderer(self) -> "Renderer":
        """Give the renderer, made anew if settings or registered functions have changed."""
        found = self.current()
        if found is None:
            with self._lock:
                found = self.current()
                if found is None:
                    origin = _origin()
                    found = _build(template_folders())
                    self._made = (origin, found)
        return found

    def reset(self) -> None:
        with self._lock:
            self._made = None


_project = _ProjectTemplates()


def _origin() -> _Origin:
    templates_dir: str = settings.TEMPLATES_DIR  # loads the settings, and before that no module has a name
    name = settings.module
    return _Origin(
        # The module itself: after a reset another project may have one of the same name.
        module=Path.cwd() if name is None else sys.modules.get(name),
        templates_dir=templates_dir,
        apps=tuple(settings.INSTALLED_APPS),
        auto_reload=_reloads(),
        plugins=settings.JINJA_PLUGINS,
        functions=registered_globals(),
    )


def _reloads() -> bool:
    return bool(settings.DEBUG and settings.TEMPLATE_AUTO_RELOAD)


def _build(folders: tuple[Path, ...]) -> "Renderer":
    # The engine is a heavy floor, which a site without templates never loads.
    from openviper.templating.environment import Ingredients, build_environment
    from openviper.templating.plugins import load_plugins, plugin_path
    from openviper.templating.renderer import Renderer

    path = plugin_path(settings.JINJA_PLUGINS)
    plugins = load_plugins(() if path is None else search_folders(path, path))
    functions = registered_globals() | {name: TemplateGlobal(value) for name, value in plugins.functions.items()}
    environment = build_environment(Ingredients(folders, _reloads(), functions, plugins.filters))
    return Renderer(environment, folders)
