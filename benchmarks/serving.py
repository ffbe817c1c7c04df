"""What a request costs a real server, against a bare ASGI function that does the same work by hand.

``python -m benchmarks.serving [--rounds N] [--scenarios a,b]`` serves both on uvicorn, each in a process of its own,
and sends them slices of requests in turns. It prints the processor time of the server per request and which part of the
bare one's speed is left, and ends with 1 when that is less than promised.
"""

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.load import ask, drive
from benchmarks.rounds import turns
from benchmarks.scenarios import FILE, SCENARIOS, Scenario

SIDES: Final = ("bare", "openviper")
CPU: Final = b"GET /cpu HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@contextlib.contextmanager
def served(side: str, variant: str, folder: str) -> Iterator[int]:
    """Serve one side in a process of its own; hand out its port."""
    command = [sys.executable, "-m", "benchmarks.served", side, variant, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def answer_size(scenario: Scenario, port: int) -> int:
    """Check that one side answers as it should; the length of its whole answer."""
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError):
            answer = await ask(port, scenario.request())
            head, _, body = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200") or body != scenario.answer:
                raise ValueError(f"{scenario.path} is answered with {answer[:200]!r}")
            return len(answer)
        await asyncio.sleep(0.1)
    raise TimeoutError("the server does not start")


async def cpu_seconds(port: int) -> float:
    """Processor time that a server has taken so far."""
    return float((await ask(port, CPU)).partition(b"\r\n\r\n")[2])


async def slice_of(scenario: Scenario, port: int, size: int) -> float:
    """Send a slice of requests; CPU seconds of one."""
    before = await cpu_seconds(port)
    await drive(port, scenario.request(), size, requests=scenario.requests, connections=scenario.connections)
    return (await cpu_seconds(port) - before) / scenario.requests


async def measure(scenario: Scenario, ports: dict[str, int], rounds: int) -> dict[str, list[float]]:
    """Ask both sides in turns: CPU seconds of a request, by side, without the first round, which warms up."""
    sizes = {side: await answer_size(scenario, port) for side, port in ports.items()}
    taken: dict[str, list[float]] = {side: [] for side in ports}
    for side in turns(SIDES, rounds=rounds):
        taken[side].append(await slice_of(scenario, ports[side], sizes[side]))
    return {side: values[1:] for side, values in taken.items()}


def main() -> int:
    """Measure, print, and compare with the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="slices of each side (default: 7)")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="which to measure (default: all)")
    options = parser.parse_args()

    broken = []
    print(f"{'':10} {'bare us':>9} {'ours us':>9} {'left':>6} {'bound':>6}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "file.bin").write_bytes(FILE)
        for name in options.scenarios.split(","):
            scenario = SCENARIOS[name]
            with contextlib.ExitStack() as servers:
                ports = {side: servers.enter_context(served(side, scenario.variant, folder)) for side in SIDES}
                taken = asyncio.run(measure(scenario, ports, options.rounds))
            # Of each round by itself: what slows the machine for a second slows both.
            left = statistics.median(bare / ours for bare, ours in zip(*taken.values(), strict=True))
            bare, ours = (statistics.median(values) * 1e6 for values in taken.values())
            print(f"{name:10} {bare:9.1f} {ours:9.1f} {left:6.2f} {scenario.bound or '':>6}", flush=True)
            if scenario.bound is not None and left < scenario.bound:
                broken.append(name)
    print(f"broken: {', '.join(broken)}" if broken else "all bounds are kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
