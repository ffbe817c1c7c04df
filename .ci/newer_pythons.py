"""Print every CPython of this machine that is newer than the one running this: version and path, a line each.

Looks on PATH and below pyenv's folder. A name on PATH may be a shim that cannot run, so each one is started once.
What was found, or that nothing was, is told on stderr.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NEWEST = 20
PROBE = """
import platform, sys
print(platform.python_implementation(), sys.version_info.releaselevel, "%d.%d" % sys.version_info[:2], sys.executable)
"""


def candidates() -> Iterator[Path]:
    """Yield everything named like a newer Python, on PATH first."""
    names = [f"python3.{minor}" for minor in range(sys.version_info.minor + 1, NEWEST)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted(pyenv.glob("versions/*/bin"))
    for folder in folders:
        yield from (path for name in names if (path := folder / name).is_file())


def probe(path: Path) -> tuple[str, str] | None:
    """Start an interpreter and ask what it is; None when it does not run or is no released CPython."""
    try:
        answer = subprocess.run([path, "-c", PROBE], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    implementation, level, version, executable = answer.stdout.strip().split(" ", 3)
    return (version, executable) if (implementation, level) == ("CPython", "final") else None


def newer_pythons() -> dict[str, str]:
    """Map each newer version to the first interpreter of it that runs."""
    found: dict[str, str] = {}
    for path in candidates():
        known = path.name.removeprefix("python")
        if known not in found and (result := probe(path)) is not None:
            found.setdefault(*result)
    return found


if __name__ == "__main__":
    pythons = newer_pythons()
    for version, executable in sorted(pythons.items()):
        print(version, executable)
    if not pythons:
        print(f"this machine has no CPython newer than {platform.python_version()}", file=sys.stderr)
