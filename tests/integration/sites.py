"""What tests add to a generated project: apps whose hooks say when they run, and views that wait or tell."""

import re
from pathlib import Path

PLUGIN = '''\
"""A plugin that says when it is ready."""

async def ready() -> None:
    print("lantern: ready", flush=True)
'''

LIFECYCLE = '''\
"""Hooks that say when they run."""

def ready() -> None:
    print("diary: ready", flush=True)

async def startup() -> None:
    print("diary: startup", flush=True)

async def shutdown() -> None:
    print("diary: shutdown", flush=True)
'''

HANDLERS = """

@app.on_startup
async def say_start() -> None:
    print("site: on_startup", flush=True)


@app.on_shutdown
def say_stop() -> None:
    print("site: on_shutdown", flush=True)
"""

VIEWS = '''\
"""Views that tell about the process and about what an earlier request has left."""

import asyncio
import os
from pathlib import Path

from openviper import Request
from openviper.core.context import current_user, ignore_permissions_ctx


class Visitor:
    is_authenticated = True
    username = "ada"


async def home(request: Request) -> str:
    return "one"


async def process(request: Request) -> dict[str, int]:
    return {"pid": os.getpid(), "parent": os.getppid()}


async def leave(request: Request) -> str:
    current_user.set(Visitor())
    ignore_permissions_ctx.set(True)
    return "left"


async def look(request: Request) -> dict[str, object]:
    user = current_user.get()
    return {"user": user and user.username, "bypass": ignore_permissions_ctx.get()}


async def broken(request: Request) -> str:
    raise LookupError("no such lamp")


async def slow(request: Request) -> str:
    print("slow: begun", flush=True)
    while not Path("release").exists():
        await asyncio.sleep(0.01)
    print("slow: done", flush=True)
    return "late"
'''

ROUTES = '''\
"""Every view under its name."""

from openviper.routing.router import Router

from shop import views

router = Router()
router.get("/")(views.home)
for view in (views.process, views.leave, views.look, views.broken, views.slow):
    router.get(f"/{view.__name__}")(view)

route_paths = [("/", router)]
'''


STREAM = """

async def stream(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            continue
        print("stream: disconnected", flush=True)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})
        await asyncio.sleep(0.01)


app.mount("/stream", stream)
"""


def add_app(project: Path, name: str, **modules: str) -> None:
    """Write an app beside the project's package and install it last; ``init`` is its ``__init__``."""
    folder = project / name
    folder.mkdir()
    (folder / "__init__.py").write_text(modules.pop("init", ""))
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
    add_setting(project, "INSTALLED_APPS: tuple[str, ...]", f"({', '.join(map(repr, [*installed(project), name]))},)")


def installed(project: Path) -> list[str]:
    """The apps that the settings of a project list."""
    found = re.search(r"INSTALLED_APPS: tuple\[str, \.\.\.\] = \((.*)\)", (project / "shop/settings.py").read_text())
    return re.findall(r"'(\w+)'", found[1]) if found else []


def add_setting(project: Path, name: str, value: str) -> None:
    """Give a setting of the project a value, in place of the one that it has."""
    settings = project / "shop" / "settings.py"
    text = settings.read_text()
    line = f"    {name} = {value}\n"
    changed, count = re.subn(rf"^    {re.escape(name)} = .*\n", line, text, flags=re.MULTILINE)
    settings.write_text(changed if count else text + line)


def add_hooks(project: Path) -> None:
    """Install a plugin with ``ready()``, an app with ``lifecycle.py``, and handlers of the application itself."""
    add_app(project, "lantern", init=PLUGIN)
    add_app(project, "diary", lifecycle=LIFECYCLE)
    with (project / "shop" / "asgi.py").open("a") as file:
        file.write(HANDLERS)


def rewrite(path: Path, text: str) -> None:
    """Change a file in one step, so that a watcher sees one change and nobody reads half of it."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


def add_stream(project: Path) -> None:
    """Mount an application that answers without an end, and holds websockets open."""
    with (project / "shop" / "asgi.py").open("a") as file:
        file.write("\nimport asyncio\n" + STREAM)


def add_views(project: Path) -> None:
    """Put the telling views in place of the generated one."""
    (project / "shop" / "views.py").write_text(VIEWS)
    (project / "shop" / "routes.py").write_text(ROUTES)
