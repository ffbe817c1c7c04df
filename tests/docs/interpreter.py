"""The process that runs the Python blocks of one page.

Started with ``python -c`` and the text of this file, so that the first entry of ``sys.path`` is the reader's
folder. Each line of stdin is a request, each line of the original stdout an answer, both JSON.
"""

import ast
import asyncio
import contextlib
import importlib
import inspect
import io
import json
import linecache
import os
import sys
import traceback
import types


def main() -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a block's own child processes print must not be taken for an answer.
    os.dup2(2, 1)
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            answers.write(json.dumps(run_block(json.loads(line), module, runner)) + "\n")
            answers.flush()


def run_block(request: dict[str, str | int], module: types.ModuleType, runner: asyncio.Runner) -> dict[str, str | None]:
    """Run one block in the namespace that all blocks of the page share.

    Args:
        request: ``code``, ``page`` (a file name for tracebacks), ``line`` (of the block in it) and ``folder``.
        module: The shared namespace.
        runner: The loop that awaits at the top level run on.

    Returns:
        ``output``, what was printed, and ``error``, a traceback or None.
    """
    page, line = str(request["page"]), int(request["line"])
    os.chdir(str(request["folder"]))
    importlib.invalidate_caches()
    linecache.checkcache()
    printed = io.StringIO()
    error: str | None = None
    with contextlib.redirect_stdout(printed):
        try:
            tree = ast.increment_lineno(ast.parse(str(request["code"]), page), line - 1)
            code = compile(tree, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if code.co_flags & inspect.CO_COROUTINE:
                runner.run(types.FunctionType(code, vars(module))())
            else:
                exec(code, vars(module))
        except BaseException:  # noqa: BLE001 - whatever a block raises, SystemExit too, is its result
            error = traceback.format_exc()
    return {"output": printed.getvalue(), "error": error}


if __name__ == "__main__":
    main()
