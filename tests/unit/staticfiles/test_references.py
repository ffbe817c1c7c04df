"""What style sheets and scripts refer to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.staticfiles.references import find_references, has_references, rewrite


def targets(name: str, text: str, **options: str) -> list[str]:
    return [reference.target for reference in find_references(name, text, **options)]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("a{b:url(../img/x.png)}", "img/x.png"),
        ("a{b:url( '../img/x.png' )}", "img/x.png"),
        ('a{b:URL("x.png")}', "css/x.png"),
        ("a{b:url(/static/img/x.png)}", "img/x.png"),
        ("a{b:url('a%20b.png')}", "css/a b.png"),
        ("a{b:url(font.eot?#iefix)}", "css/font.eot"),
        ('@import "more.css" screen;', "css/more.css"),
        ("@import url(more.css);", "css/more.css"),
        ("@import'more.css'", "css/more.css"),
        ("/*# sourceMappingURL=site.css.map */", "css/site.css.map"),
    ],
)
def test_style_sheet_refers_to_files(text: str, target: str) -> None:
    """By ``url()``, ``@import`` and the comment of a source map; relative to itself or below ``STATIC_URL``."""
    assert targets("css/site.css", text) == [target]


@pytest.mark.parametrize(
    "text",
    [
        "a{b:url(data:image/png;base64,iVBOR)}",
        "a{b:url('data:image/svg+xml;utf8,<svg xmlns=\"http://www.w3.org/2000/svg\"/>')}",
        "a{b:url(https://example.com/x.png)}",
        "a{b:url(//example.com/x.png)}",
        "a{b:url(/media/x.png)}",
        "a{b:url(#mask)}",
        "a{b:url(%23mask)}",
        "a{b:url(x.svg%23mask)}",
        "a{b:url()}",
        "a{b:url(../../x.png)}",
        "a{b:url(folder/)}",
        "/* url(x.png) */",
        "a::before{content:'url(x.png)'}",
        "a{b:myurl(x.png)}",
        "/* never closed url(x.png)",
    ],
)
def test_style_sheet_leaves_other_addresses_alone(text: str) -> None:
    """Other sites, data, fragments, other parts of this site, comments and strings are no references."""
    assert targets("css/site.css", text) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ('import x from "./x.js"', "js/x.js"),
        ("import{a as b}from'./x.js';", "js/x.js"),
        ('import * as x from "../x.js"', "x.js"),
        ('import x, {\n  a,\n  b,\n} from "./x.js"', "js/x.js"),
        ('import "./x.js"', "js/x.js"),
        ('import { reimport, exported } from "./x.js"', "js/x.js"),
        ('export { a } from "./x.js"', "js/x.js"),
        ('export*from"./x.js"', "js/x.js"),
        ('import x from "/static/x.js"', "x.js"),
        ('const x = await import("./x.js")', "js/x.js"),
        ('const r = /["\']/; import("./x.js")', "js/x.js"),
        ("//# sourceMappingURL=app.js.map", "js/app.js.map"),
    ],
)
def test_script_refers_to_modules(text: str, target: str) -> None:
    """By ``import`` and ``export from``, and by the comment of a source map."""
    assert targets("js/app.js", text) == [target]


@pytest.mark.parametrize(
    "text",
    [
        'import x from "react"',
        'import x from "https://example.com/x.js"',
        '// import x from "./x.js"',
        '/* import x from "./x.js" */',
        "const x = \"import './x.js'\"",
        "const x = `import './x.js'`",
        "reimport('./x.js')",
        "a.import('./x.js')",
        "import(`./${name}.js`)",
        "const r = /import '.\\/x.js'/",
        "export const from = './x.js'",
    ],
)
def test_script_leaves_other_addresses_alone(text: str) -> None:
    """Packages, other sites, comments, strings, templates and regular expressions are no references."""
    assert targets("js/app.js", text) == []


def test_address_of_another_host_may_be_that_of_static_files() -> None:
    """With a ``STATIC_URL`` on another host, addresses that begin with it are references."""
    text = "a{b:url(https://cdn.example.com/s/x.png) url(https://cdn.example.com/other.png)}"
    assert targets("site.css", text, base_url="https://cdn.example.com/s/") == ["x.png"]


def test_file_name_is_replaced_and_the_rest_stays() -> None:
    """The way to the file, the query and the fragment are as the author wrote them."""
    text = "a{b:url(../img/a%20b.svg?v=1#x)} c{d:url(y.png)}"
    references = find_references("css/site.css", text)

    assert rewrite(text, references, {"img/a b.svg": "img/a b.12ab.svg"}) == (
        "a{b:url(../img/a%20b.12ab.svg?v=1#x)} c{d:url(y.png)}"
    )


def test_source_maps_and_late_imports_may_be_missing() -> None:
    """Only what a file cannot work without is needed."""
    text = 'import "./a.js"; import("./b.js");\n//# sourceMappingURL=c.map'

    assert [it.is_needed for it in find_references("app.js", text)] == [True, False, False]


def test_kinds_of_files_with_references() -> None:
    """The end of a name tells, in any case of letters."""
    assert [has_references(name) for name in ("a.css", "a.JS", "a.mjs", "a.json", "css")] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("text", ["import ", "a=b,/x", "(/", "`", "/*", "'", "export {", "import("])
def test_large_text_is_read_in_one_go(text: str) -> None:
    """The time grows with the length, and not with its square: these would take minutes."""
    assert find_references("a.js", text * 100_000) == []


@given(st.sampled_from(["a.css", "a.js"]), st.text(alphabet="\"'`/*()\\\n ;:{}=,#.uimportfexslaw", max_size=300))
def test_any_text_can_be_read(name: str, text: str) -> None:
    """Rewriting with nothing to replace gives the text back, whatever it holds."""
    references = find_references(name, text)

    assert rewrite(text, references, {}) == text
    assert all(text.startswith(it.address, it.start) for it in references)
