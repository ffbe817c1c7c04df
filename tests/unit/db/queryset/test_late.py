"""What models do not load, asked in a process of its own."""

import subprocess
import sys

import pytest

MODELS = "import sys\nfrom openviper.db import F, Model, Q, atomic, fields\n"
SHOP = MODELS + "class Book(Model):\n    title = fields.CharField()\n"
SAY = "\nprint(*(name for name in ('lowering', 'work') if any(m.endswith(f'.{name}') for m in sys.modules)))"


def loaded(code: str) -> list[str]:
    """Run code in an interpreter of its own, and name the late rooms that it has entered."""
    done = subprocess.run([sys.executable, "-c", code + SAY], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    "code",
    ["Book(title='a').full_clean(exclude=['id'])", "Book.objects.filter(title='a').limit(2)", "atomic(); Q(title='a')"],
    ids=["an instance", "a plain query", "a block"],
)
def test_what_asks_nothing_loads_nothing(code: str) -> None:
    """Instances, plain conditions and blocks that have not begun need no floor below."""
    assert loaded(SHOP + code) == []


def test_condition_with_expressions_loads_what_reads_them() -> None:
    """Describing loads what describes, and nothing that would send it."""
    assert loaded(SHOP + "Book.objects.filter(Q(title=F('id')))") == ["lowering"]
