"""How long it takes to import the framework and build an application with one route, against Starlette.

``python -m benchmarks.startup [--rounds N]`` prints the medians of CPU time and the number of modules, then the
CPU time of an application with 500 routes and of ``openviper --help``, and ends with 1 when a bound is broken.
"""

import argparse
import json
import resource
import subprocess
import sys
from typing import Final

from benchmarks.rounds import medians, table, turns

MOST_RATIO: Final = 1.15
MOST_MODULES: Final = 250
MOST_HELP_SECONDS: Final = 0.150
MOST_ROUTES_SECONDS: Final = 0.030

APPS: Final = {
    "starlette": """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def home(request):
    return JSONResponse({"hello": "world"})

app = Starlette(routes=[Route("/", home)])
""",
    "openviper": """
from openviper import OpenViper

app = OpenViper()

@app.get("/")
async def home():
    return {"hello": "world"}
""",
    # The table in which a request finds its route is made as well, which is otherwise the start's work.
    "openviper, 500 routes": """
from openviper import OpenViper

app = OpenViper()

def add(number, path):
    @app.get(path)
    async def found(item_id: int = 0):
        return {"route": number, "id": item_id}

for number in range(0, 500, 2):
    add(number, f"/resource{number}/list")
    add(number + 1, f"/resource{number}/{{item_id:int}}/detail")
app.matcher
""",
}

# CPU time of the process, from the first line of the program to the built application.
MEASURED: Final = """
import time
began = time.process_time()
{app}
seconds = time.process_time() - began
import sys
modules = len(sys.modules)
import json
print(json.dumps([seconds, modules]))
"""


def start(name: str) -> tuple[float, int]:
    """Build one application in a fresh process: seconds of CPU, and modules loaded by then."""
    code = MEASURED.format(app=APPS[name])
    # Without the user's site and without the current folder, so that both sides see the same path.
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    seconds, modules = json.loads(done.stdout)
    return float(seconds), int(modules)


def help_seconds() -> float:
    """CPU seconds of the whole process that prints the help of the program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-I", "-m", "openviper", "--help"], capture_output=True, check=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Measure, print, and compare with the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="starts of each side (default: 25)")
    rounds: int = parser.parse_args().rounds

    taken: dict[str, list[float]] = {name: [] for name in (*APPS, "openviper --help")}
    modules: dict[str, int] = {}
    for name in turns(taken, rounds=rounds):
        if name in APPS:
            seconds, modules[name] = start(name)
            taken[name].append(seconds)
        else:
            taken[name].append(help_seconds())

    middle = medians(taken)
    print(table(middle, against="starlette", unit=1e-3, unit_name="ms"))
    print("modules: " + ", ".join(f"{name} {count}" for name, count in modules.items()))
    broken = [
        bound
        for bound, is_kept in {
            f"{MOST_RATIO} times Starlette's start": middle["openviper"] <= MOST_RATIO * middle["starlette"],
            f"{MOST_MODULES} modules": modules["openviper"] <= MOST_MODULES,
            f"{MOST_ROUTES_SECONDS * 1e3:g} ms for 500 routes": (
                middle["openviper, 500 routes"] - middle["openviper"] <= MOST_ROUTES_SECONDS
            ),
            f"{MOST_HELP_SECONDS * 1e3:g} ms for --help": middle["openviper --help"] <= MOST_HELP_SECONDS,
        }.items()
        if not is_kept
    ]
    print(f"broken: {', '.join(broken)}" if broken else "all bounds are kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
