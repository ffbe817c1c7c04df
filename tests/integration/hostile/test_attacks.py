"""What the framework answers to attacks by name, each with its own status."""

from pathlib import Path

import pytest

from openviper import OpenViper
from openviper.primitives.json import decode
from openviper.testing import TestClient, override_settings
from tests.integration.hostile.attacks import ATTACKS, NAME, Attack, part, upload
from tests.integration.hostile.everything import SETTINGS, make_app
from tests.integration.hostile.exchanges import Answer, ask


async def answer_to(app: OpenViper, attack: Attack, *, size: int = 65_536, **headers: bytes) -> Answer:
    scope = attack.scope()
    scope["headers"] += [(name.encode(), value) for name, value in headers.items()]
    pieces = [attack.body[start : start + size] for start in range(0, len(attack.body), size)] or [b""]
    answer = await ask(app, scope, pieces)
    assert answer is not None
    return answer


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_attack_is_answered(app: OpenViper, attack: Attack) -> None:
    """Each has its status, whatever the answer looks like, and none of them is an error of the server."""
    for accept in (b"*/*", b"text/html", b"application/problem+json"):
        answer = await answer_to(app, attack, accept=accept)
        assert answer.status == attack.status, answer.body[:300]
        assert b"secret" not in answer.body
        assert b"evil" not in b"".join(value for name, value in answer.headers if name != b"set-cookie")


async def test_attacks_are_answered_alike_in_debug(files: Path) -> None:
    """Pages for developers and files from their folders change no status, and show nothing of other folders."""
    folders = {"STATICFILES_DIRS": (str(files),), "MEDIA_ROOT": str(files)}
    with override_settings(**{**SETTINGS, **folders}):
        app = make_app(files, debug=True)
        async with TestClient(app):
            wrong = {}
            for attack in ATTACKS:
                answer = await answer_to(app, attack, accept=b"text/html")
                if answer.status != attack.status or b"secret" in answer.body:
                    wrong[attack.name] = (answer.status, answer.body[:200])
    assert wrong == {}


async def test_names_of_files_are_made_fit(app: OpenViper) -> None:
    """What a client calls its file becomes one component of a path, of a length that file systems take."""
    for sent, kept in (
        (b"a" * 400 + b".txt", "a" * 251 + ".txt"),
        (b"\xc3\xbc" * 400 + b".txt", "ü" * 125 + ".txt"),
        (b"../../../etc/passwd", "passwd"),
        (b"C:\\Users\\x\\report.pdf", "report.pdf"),
        (b"con.txt", "_con.txt"),
        (b".htaccess", "upload"),
        (b"..", "upload"),
    ):
        attack = upload("file", 200, NAME, part(b'name="files"; filename="%b"' % sent))
        body = decode((await answer_to(app, attack)).body)
        assert isinstance(body, dict)
        assert body["files"] == [[kept, 1]]


@pytest.mark.parametrize(
    ("target", "header", "value"),
    [
        (b"/go?to=/next?page=2", b"location", b"/next?page=2"),
        (b"/go?to=/%F0%9F%98%80", b"location", b"/%F0%9F%98%80"),
        (b"/go?to=/x%26y%20z", b"location", b"/x&y%20z"),
        (b"/slash?a=\\", b"location", b"/slash/?a=%5C"),
        (
            b"/cookie?value=a%0d%0aset-cookie:%20b=1",
            b"set-cookie",
            b'kept="a\\015\\012set-cookie: b=1"; Path=/; SameSite=Lax',
        ),
    ],
)
async def test_words_of_a_client_stay_within_one_header(
    app: OpenViper, target: bytes, header: bytes, value: bytes
) -> None:
    """What goes back in a header is quoted so that it cannot begin another one."""
    answer = await answer_to(app, Attack("", 0, target))
    assert [sent for name, sent in answer.headers if name == header] == [value]


async def test_name_of_a_download_stays_within_its_quotes(app: OpenViper) -> None:
    """Quotes, line breaks and other scripts are encoded (RFC 6266)."""
    answer = await answer_to(app, Attack("", 0, b"/saved?name=a%22;%0d%0ab%C3%BC"))
    (value,) = [value for name, value in answer.headers if name == b"content-disposition"]
    assert value.startswith(b"attachment; filename=")
    assert value.count(b'"') in (0, 2)


async def test_forwarded_words_count_for_nobody_else(app: OpenViper) -> None:
    """A client that is no trusted proxy cannot say who it is or which host it meant."""
    attack = Attack(
        "", 0, b"/request", headers=((b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-host", b"evil.example"))
    )
    scope = {**attack.scope(), "client": ("198.51.100.1", 1)}
    answer = await ask(app, scope)
    assert answer is not None
    body = decode(answer.body)
    assert isinstance(body, dict)
    assert (body["client"], body["host"]) == (["198.51.100.1", 1], "localhost")


@pytest.mark.parametrize("attack", [one for one in ATTACKS if 0 < len(one.body) < 3000], ids=lambda attack: attack.name)
async def test_body_that_comes_byte_by_byte_is_answered_alike(app: OpenViper, attack: Attack) -> None:
    """However a body is cut, the answer is the same."""
    assert (await answer_to(app, attack, size=1)).status == attack.status
