"""Sending static files and uploads."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from openviper.app import OpenViper
from openviper.conf import settings
from openviper.http.response import PlainTextResponse
from openviper.staticfiles.collect import collect
from openviper.staticfiles.handler import DebugFiles, StaticFilesMiddleware, debug_files
from openviper.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from tests.unit.staticfiles.conftest import Writer


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The next application: says that it was asked."""
    await PlainTextResponse("next", 404)(scope, receive, send)


class Answer:
    """What an application sent for one request."""

    def __init__(self, messages: list[Message]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


async def ask(app: "Asked", path: str, method: str = "GET", raw_path: bytes | None = None, **headers: str) -> Answer:
    """Call an application as a server does; the path is decoded, and ``raw_path`` what the client sent."""
    messages: list[Message] = []
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": quote(path, errors="replace").encode() if raw_path is None else raw_path,
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    return Answer(messages)


Asked = StaticFilesMiddleware | OpenViper


@pytest.fixture
def folder(write: "Writer") -> Path:
    """A folder of static files, old enough that their tags are strong."""
    folder = write("static", {"css/site.css": "a { color: red }\n" * 50, "logo.svg": "<svg/>", ".env": "secret"})
    write("", {"secret.txt": "secret"})
    for path in folder.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


@pytest.fixture
def files(folder: Path) -> StaticFilesMiddleware:
    """The middleware before an application."""
    return StaticFilesMiddleware(application, directories=[folder])


async def test_file_is_sent_with_type_and_validators(files: StaticFilesMiddleware) -> None:
    """Type by name, tag, time, how long to keep it, and no guessing of another type."""
    answer = await ask(files, "/static/css/site.css")

    assert (answer.status, answer.body) == (200, b"a { color: red }\n" * 50)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["last-modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    again = await ask(files, "/static/css/site.css", if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    since = await ask(files, "/static/css/site.css", if_modified_since=answer.headers["last-modified"])
    assert since.status == 304


async def test_head_has_no_body(files: StaticFilesMiddleware) -> None:
    """The head is that of the whole file."""
    answer = await ask(files, "/static/css/site.css", "HEAD")

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "850")


async def test_part_of_a_file(files: StaticFilesMiddleware) -> None:
    """A range inside the file is sent, one behind its end is refused."""
    part = await ask(files, "/static/css/site.css", range="bytes=2-6")
    beyond = await ask(files, "/static/css/site.css", range="bytes=900-")

    assert (part.status, part.body, part.headers["content-range"]) == (206, b"{ col", "bytes 2-6/850")
    assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */850")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
async def test_other_methods_are_refused(files: StaticFilesMiddleware, method: str) -> None:
    """405 with what is allowed."""
    answer = await ask(files, "/static/css/site.css", method)

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/static/missing.css", "/static/", "/static", "/static/css", "/static/.env", "/other"]
)
async def test_what_is_no_file_goes_on(files: StaticFilesMiddleware, path: str) -> None:
    """The application answers, with its own page for what is not found."""
    answer = await ask(files, path)

    assert (answer.status, answer.body) == (404, b"next")


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("/static/../secret.txt", None),
        ("/static/css/../../secret.txt", None),
        ("/static/../secret.txt", b"/static/%2e%2e/secret.txt"),
        ("/static/css/site.css", b"/static/css%2Fsite.css"),
        ("/static/css/site.css", b"/static/css%2fsite.css"),
        ("/static/..\\secret.txt", None),
        ("/static/a\0b", None),
        ("/static/a\nb", None),
    ],
)
async def test_hostile_path_is_refused(files: StaticFilesMiddleware, path: str, raw_path: bytes | None) -> None:
    """Dot segments, encoded slashes, backslashes, NUL and line breaks are 400 (C-119c)."""
    assert (await ask(files, path, raw_path=raw_path)).status == 400


@pytest.mark.parametrize(
    "path", ["/static//etc/passwd", "/static/%2e%2e/secret.txt", "/static/" + "x" * 400, "/static/\ud800"]
)
async def test_strange_name_is_not_found(files: StaticFilesMiddleware, path: str) -> None:
    """What is decoded once is not decoded twice, and no disk can hold some names (C-119c)."""
    assert (await ask(files, path)).status == 404


async def test_link_out_of_the_folder_is_not_found(files: StaticFilesMiddleware, folder: Path) -> None:
    """Neither when it is asked for, nor when a file that was sent has become one."""
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    assert (await ask(files, "/static/link.txt")).status == 404
    assert (await ask(files, "/static/logo.svg")).status == 200
    (folder / "logo.svg").unlink()
    (folder / "logo.svg").symlink_to(folder.parent / "secret.txt")

    assert (await ask(files, "/static/logo.svg")).body == b"next"


async def test_deleted_file_is_not_found(files: StaticFilesMiddleware, folder: Path) -> None:
    """A file that was sent once is looked for on the disk all the same, and found when it comes back."""
    assert (await ask(files, "/static/logo.svg")).status == 200
    (folder / "logo.svg").unlink()

    assert (await ask(files, "/static/logo.svg")).status == 404
    (folder / "logo.svg").write_text("<svg></svg>")
    assert (await ask(files, "/static/logo.svg")).body == b"<svg></svg>"


async def test_large_file_is_refused(folder: Path) -> None:
    """413 above the limit, which is a number of bytes."""
    files = StaticFilesMiddleware(application, "files", [folder], max_file_size=849)

    assert (await ask(files, "/files/css/site.css")).status == 413
    assert (await ask(files, "/files/logo.svg")).status == 200


async def test_hashed_name_may_be_kept_for_ever(folder: Path, tmp_path: Path) -> None:
    """A name of the list never changes its content; the plain one may, and is asked for again."""
    collect([folder], tmp_path / "out")
    files = StaticFilesMiddleware(application, directories=[tmp_path / "out"], cache_max_age=0)
    name = next((tmp_path / "out/css").glob("site.????????????.css")).name

    hashed = await ask(files, f"/static/css/{name}")
    plain = await ask(files, "/static/css/site.css")

    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["cache-control"] == "no-cache"


async def test_compressed_copy_is_sent_to_who_takes_it(folder: Path, tmp_path: Path) -> None:
    """With the type of the file; whether or not it is taken, caches are told that it depends."""
    collect([folder], tmp_path / "out")
    files = StaticFilesMiddleware(application, directories=[tmp_path / "out"])

    packed = await ask(files, "/static/css/site.css", accept_encoding="gzip;q=0.5, deflate")
    plain = await ask(files, "/static/css/site.css", accept_encoding="gzip;q=0, identity")
    picture = await ask(files, "/static/logo.svg", accept_encoding="gzip")

    assert gzip.decompress(packed.body) == plain.body == b"a { color: red }\n" * 50
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == plain.headers["content-type"] == "text/css; charset=utf-8"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "content-encoding" not in plain.headers | picture.headers


async def test_older_compressed_copy_is_not_sent(folder: Path) -> None:
    """It holds what the file was before it was changed."""
    (folder / "logo.svg.gz").write_bytes(gzip.compress(b"<old/>"))
    os.utime(folder / "logo.svg.gz", (1_600_000_000, 1_600_000_000))

    answer = await ask(
        StaticFilesMiddleware(application, directories=[folder]), "/static/logo.svg", accept_encoding="gzip"
    )

    assert answer.body == b"<svg/>"


async def test_edited_file_leaves_its_compressed_copies_behind(files: StaticFilesMiddleware, folder: Path) -> None:
    """A copy of what the file was is not sent, although it was right when the file was first asked for."""
    copy = folder / "css/site.css.gz"
    copy.write_bytes(gzip.compress(b"old"))
    os.utime(copy, (1_700_000_000, 1_700_000_000))
    assert (await ask(files, "/static/css/site.css", accept_encoding="gzip")).headers["content-encoding"] == "gzip"

    (folder / "css/site.css").write_text("new")

    answer = await ask(files, "/static/css/site.css", accept_encoding="gzip")
    assert (answer.body, "content-encoding" in answer.headers) == (b"new", False)


async def test_file_is_sent_when_its_compressed_copy_has_gone(files: StaticFilesMiddleware, folder: Path) -> None:
    """Nobody gets a 404 for a file that is there."""
    copy = folder / "css/site.css.gz"
    copy.write_bytes(gzip.compress(b"old"))
    assert (await ask(files, "/static/css/site.css", accept_encoding="gzip")).headers["content-encoding"] == "gzip"

    copy.unlink()

    answer = await ask(files, "/static/css/site.css", accept_encoding="gzip")
    assert (answer.status, answer.body[:3]) == (200, b"a {")


async def test_file_that_grows_beyond_the_limit_is_refused(folder: Path) -> None:
    """The limit counts for what the file is now."""
    files = StaticFilesMiddleware(application, directories=[folder], max_file_size=850)
    assert (await ask(files, "/static/css/site.css")).status == 200

    (folder / "css/site.css").write_text("a" * 851)

    assert (await ask(files, "/static/css/site.css")).status == 413


@pytest.mark.parametrize("options", [{"url_path": "/"}, {"cache_max_age": -1}, {"max_file_size": -1}])
def test_wrong_option_is_refused(options: dict[str, str | int]) -> None:
    """A path that would take the whole site, and numbers below nothing."""
    with pytest.raises(ValueError, match="not negative"):
        StaticFilesMiddleware(application, **options)  # type: ignore[arg-type]  # the options are of several types


async def test_relative_folder_starts_at_the_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default that is ``static``."""
    monkeypatch.chdir(folder.parent)

    assert (await ask(StaticFilesMiddleware(application), "/static/logo.svg")).status == 200


async def test_mounted_application_sees_its_own_path(folder: Path) -> None:
    """What stands in ``root_path`` is no part of the path of a file."""
    files = StaticFilesMiddleware(application, directories=[folder])
    seen: list[Message] = []

    async def send(message: Message) -> None:
        seen.append(message)

    scope = {"type": "http", "method": "GET", "path": "/shop/static/logo.svg", "root_path": "/shop", "headers": []}
    await files(scope, never, send)

    assert seen[0]["status"] == 200


async def never() -> Message:
    return {"type": "http.request"}


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(max_size=50) | st.lists(st.sampled_from(["..", ".", "", "a", "%2e%2e", "\\", "~", "\0"])).map("/".join)
)
async def test_no_path_is_a_fault(files: StaticFilesMiddleware, name: str) -> None:
    """Whatever is asked for is answered with a file, or refused (C-119c)."""
    answer = await ask(files, f"/static/{name}")

    assert answer.status in (200, 400, 404)
    assert answer.body != b"secret"


@pytest.fixture
def debug_site(write: "Writer", monkeypatch: pytest.MonkeyPatch) -> Callable[..., OpenViper]:
    """Makes an application of a project with static files of its own and of an app, and with uploads."""
    root = write(
        "shop",
        {
            "lamps/__init__.py": "",
            "lamps/static/lamps/lamp.js": "export {}",
            "static/site.css": "a{}",
            "uploads/letter.txt": "dear",
            "uploads/page.html": "<script>alert(1)</script>",
            "uploads/picture.svg": "<svg/>",
            "secret.txt": "secret",
        },
    )
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(root)

    def make(**options: object) -> OpenViper:
        given = {"INSTALLED_APPS": ("lamps",), "MEDIA_ROOT": "uploads", "DEBUG": True, "MIDDLEWARE": (), **options}
        settings.configure(**given)
        return OpenViper()

    return make


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/static/site.css", "text/css; charset=utf-8"), ("/static/lamps/lamp.js", "text/javascript; charset=utf-8")],
)
async def test_debug_serves_project_and_apps(debug_site: Callable[..., OpenViper], path: str, media_type: str) -> None:
    """Without a line of code, and so that a change is seen at once (C-115, C-119c)."""
    answer = await ask(debug_site(), path)

    assert answer.status == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_debug_answers_head_and_unknown_names(debug_site: Callable[..., OpenViper]) -> None:
    """HEAD has a head only, what no app has is not found, and nothing can be written (C-119c)."""
    app = debug_site()

    head = await ask(app, "/static/site.css", "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "3")
    assert (await ask(app, "/static/none.css")).status == 404
    assert (await ask(app, "/static/")).status == 404
    assert (await ask(app, "/static/site.css", "POST")).status == 405


@pytest.mark.parametrize("path", ["/static/site.css", "/media/letter.txt"])
async def test_nothing_is_served_without_debug(debug_site: Callable[..., OpenViper], path: str) -> None:
    """In production a proxy sends them, or the middleware (C-119c)."""
    app = debug_site(DEBUG=False, ALLOWED_HOSTS=("*",))

    assert (await ask(app, path)).status == 404


@pytest.mark.parametrize(
    "path", ["/static/../secret.txt", "/static/..\\secret.txt", "/media/../secret.txt", "/media/\0"]
)
async def test_debug_refuses_hostile_paths(debug_site: Callable[..., OpenViper], path: str) -> None:
    """As the middleware does, and never with a fault of the server (C-119c)."""
    assert (await ask(debug_site(), path)).status == 400


@pytest.mark.parametrize("name", ["page.html", "picture.svg"])
async def test_active_upload_cannot_act(debug_site: Callable[..., OpenViper], name: str) -> None:
    """A page that a user has uploaded is saved, not opened, and runs nothing if it is."""
    app = debug_site(
        MIDDLEWARE=("openviper.middleware.security.SecurityMiddleware",),
        ALLOWED_HOSTS=("*",),
        SECURE_CONTENT_SECURITY_POLICY="default-src 'self'",
    )

    answer = await ask(app, f"/media/{name}", host="localhost")

    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("root", ["", ".", ".."])
async def test_project_is_no_folder_of_uploads(debug_site: Callable[..., OpenViper], root: str) -> None:
    """Code and secrets lie in it."""
    app = debug_site(MEDIA_ROOT=root)

    assert [(await ask(app, f"/media/{name}")).status for name in ("secret.txt", "shop/secret.txt")] == [404, 404]


async def test_other_uploads_are_shown(debug_site: Callable[..., OpenViper]) -> None:
    """Text and pictures are sent as they are."""
    answer = await ask(debug_site(), "/media/letter.txt")

    assert answer.body == b"dear"
    assert "content-disposition" not in answer.headers


async def test_routes_below_the_address_of_files_stay_whole(debug_site: Callable[..., OpenViper]) -> None:
    """Other methods of a route, and its address with another slash at the end, are answered as anywhere else."""
    app = debug_site()
    app.get("/media")(lambda: "list")
    app.get("/media/letter/")(lambda: "one")

    options, post = await ask(app, "/media/letter/", "OPTIONS"), await ask(app, "/media/letter/", "POST")
    assert (options.status, post.status) == (204, 405)
    assert options.headers["allow"] == post.headers["allow"] == "GET, HEAD, OPTIONS"
    assert [(await ask(app, path)).headers["location"] for path in ("/media/", "/media/letter")] == [
        "/media",
        "/media/letter/",
    ]


async def test_route_wins_over_a_file(debug_site: Callable[..., OpenViper]) -> None:
    """As does an application that is mounted there; one that is mounted at the root does not."""
    app = debug_site()
    app.get("/static/site.css")(lambda: "route")
    app.mount("/static/lamps", application)
    app.mount("/", application)

    assert (await ask(app, "/static/site.css")).body != b"a{}"
    assert (await ask(app, "/static/lamps/lamp.js")).body == b"next"
    assert (await ask(app, "/media/letter.txt")).body == b"dear"


@pytest.mark.parametrize("url", ["https://cdn.example.com/static/", "//cdn.example.com/static/", "/", ""])
async def test_addresses_elsewhere_are_not_served(debug_site: Callable[..., OpenViper], url: str) -> None:
    """Files on another host are its business, and the root of the site belongs to its routes."""
    debug_site(STATIC_URL=url, MEDIA_URL=url)

    assert debug_files().find("/static/site.css") is None


@pytest.mark.parametrize("url", ["/shop/static/", "/static/"])
async def test_address_below_a_mount_is_the_one_that_browsers_see(
    debug_site: Callable[..., OpenViper], url: str
) -> None:
    """STATIC_URL with the path of the mount in front works, as in production; one without it is found, too."""
    app = debug_site(STATIC_URL=url, MEDIA_URL=url.replace("static", "media"))
    seen: list[Message] = []

    async def send(message: Message) -> None:
        seen.append(message)

    for path in ("/shop/static/site.css", "/shop/media/letter.txt"):
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "root_path": "/shop",
            "headers": [],
            "query_string": b"",
        }
        await app(scope, never, send)

    assert [message["status"] for message in seen if "status" in message] == [200, 200]


def test_one_address_below_the_other(folder: Path) -> None:
    """The longer one is asked first, whichever that is."""
    files = DebugFiles("/files/", [folder], "/files/media/", folder)

    found = files.find("/files/media/x")

    assert found is not None
    assert "_answer_media" in repr(found)


@given(name=st.text(max_size=30))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_debug_never_fails(debug_site: Callable[..., OpenViper], name: str) -> None:
    """Whatever the path, the answer is a file or a refusal (C-119c)."""
    app = OpenViper() if settings.is_loaded else debug_site()

    assert (await ask(app, f"/static/{name}")).status in (200, 400, 404)
