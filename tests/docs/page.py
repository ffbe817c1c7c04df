"""A page of the documents, read as the steps that its reader would take.

What each kind of fenced block means is told in CONTRIBUTING.md; nothing is run here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

# Blocks in these languages are read, not run; a path in their first line still makes them a file.
SHOWN = frozenset({"css", "diff", "dockerfile", "html", "http", "ini", "jinja", "json", "text", "toml", "yaml"})
# Directives whose body is Markdown again.
NESTING = frozenset({"admonition", "caution", "dropdown", "important", "note", "tab-item", "tip", "warning"})

_SKIP = re.compile(r"\A<!--\s*not run:\s*(?P<reason>.*?)\s*-->\s*\Z", re.DOTALL)
_FILE = re.compile(r"\A(?:#|<!--|/\*|\{#)\s*(?P<path>[\w.-]+(?:/[\w.-]+)*)\s*(?:-->|\*/|#\})?\Z")
_OPTION = re.compile(r"\A:(?P<name>[\w-]+):\s*(?P<value>.*)\Z")


class PageError(Exception):
    """A block of a page cannot be understood.

    Args:
        line: Where it stands, counted from 1.
        message: What is wrong and how to write it instead.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class WriteFile:
    """A block that is a file of the reader's project; the path is relative to the reader's folder."""

    line: int
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class RunPython:
    """A block that is run; ``output`` is what it must print, None when the page does not say."""

    line: int
    code: str
    output: str | None = None


@dataclass(frozen=True, slots=True)
class RunCommand:
    """A line that is typed into a shell, with the lines that must come back; None when the page shows none."""

    line: int
    command: str
    output: str | None = None
    in_background: bool = False


Step = WriteFile | RunPython | RunCommand


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block as the page has it; ``line`` is that of its first line of text."""

    language: str
    title: str
    text: str
    line: int


def read_steps(markdown: str) -> list[Step]:
    """Turn a page into steps, in the order of the page.

    Raises:
        PageError: A block is in a language that is neither run nor declared to be shown only, a console block
            does not begin with a command, an output belongs to nothing, or a path leaves the workspace.
    """
    steps: list[Step] = []
    for fence in iter_fences(markdown):
        if fence.language == "text" and "output" in fence.title.lower():
            _add_output(steps, fence)
        elif (path := _file_path(fence)) is not None:
            steps.append(WriteFile(fence.line, path, fence.text))
        elif fence.language == "python":
            steps.append(RunPython(fence.line, fence.text))
        elif fence.language == "console":
            steps.extend(_commands(fence))
        elif fence.language not in SHOWN:
            raise PageError(
                fence.line,
                f"a block in {fence.language or 'no language'!r} is neither run nor shown by rule; "
                "use python or console, or text for what is only to be read",
            )
    return steps


def iter_fences(markdown: str, *, line: int = 1) -> Iterator[Fence]:
    """Yield the fenced blocks, those inside notes included, without the ones that say why they are not run.

    Args:
        markdown: The text of the page, or of a directive in it.
        line: The line of the page on which the text begins.
    """
    reason: str | None = None
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type == "html_block" and (found := _SKIP.match(token.content)):
            reason = found["reason"]
            if not reason:
                raise PageError(line + (token.map or [0])[0], "say after 'not run:' why the block is not run")
            continue
        if token.type == "fence":
            first = line + (token.map or [0])[0] + 1
            if reason is None:
                yield from _read_fence(token.info.strip(), token.content, first)
        if token.nesting == 0:
            reason = None


def _read_fence(info: str, text: str, line: int) -> Iterator[Fence]:
    language, _, title = info.partition(" ")
    if not language.startswith("{"):
        yield Fence(language, title, text, line)
        return
    options: dict[str, str] = {}
    lines = text.splitlines(keepends=True)
    while lines and (found := _OPTION.match(lines[0].strip())):
        options[found["name"]] = found["value"]
        lines.pop(0)
        line += 1
    if language in {"{code-block}", "{code}", "{sourcecode}"}:
        yield Fence(title, options.get("caption", ""), "".join(lines).lstrip("\n"), line)
    elif language.strip("{}") in NESTING:
        yield from iter_fences("".join(lines), line=line)


def _file_path(fence: Fence) -> str | None:
    first = fence.text.partition("\n")[0].strip()
    found = _FILE.match(first)
    # One bare word after a hash is a comment; a path has a dot or a slash.
    if fence.language == "console" or found is None or not ("." in found["path"] or "/" in found["path"]):
        return None
    if ".." in found["path"].split("/"):
        raise PageError(fence.line, f"{found['path']!r} leaves the workspace of the page")
    return found["path"]


def _add_output(steps: list[Step], fence: Fence) -> None:
    last = steps[-1] if steps else None
    if not isinstance(last, RunPython) or last.output is not None:
        raise PageError(fence.line, "an output must follow the python block that prints it")
    steps[-1] = replace(last, output=fence.text)


def _commands(fence: Fence) -> Iterator[RunCommand]:
    lines = fence.text.splitlines()
    if not lines or not lines[0].startswith("$ "):
        raise PageError(fence.line, "a console block begins with a command: '$ ' and what is typed")
    at = 0
    while at < len(lines):
        line, command = fence.line + at, lines[at][2:]
        at += 1
        while command.endswith("\\") and at < len(lines):
            command = f"{command}\n{lines[at].removeprefix('> ')}"
            at += 1
        shown: list[str] = []
        while at < len(lines) and not lines[at].startswith("$ "):
            shown.append(lines[at])
            at += 1
        output = "\n".join(shown) if any(text.strip() for text in shown) else None
        stripped = command.rstrip()
        in_background = stripped.endswith(" &")
        yield RunCommand(line, stripped.removesuffix(" &"), output, in_background)
