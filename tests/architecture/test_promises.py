"""Every promise has a passing test that names it, and every number in a test is a promise of the page."""

from tests.architecture.promises import NUMBER, PAGE, Promise, filled, promises, proofs
from tests.architecture.source import Source, sources


def test_every_promise_is_proved_by_the_tests_beside_it() -> None:
    """The tests of a row exist, and the docstring of each names the row's number."""
    named = proofs(sources("tests"))
    rows = list(promises(PAGE.read_text(encoding="utf-8")))
    assert [row.number for row in rows if not row.tests] == []
    wrong = [f"{row.number}: {test}" for row in rows for test in row.tests if test not in named.get(row.number, [])]
    assert wrong == [], "run: python -m tests.architecture.promises --write"


def test_every_number_of_a_test_is_a_promise() -> None:
    """A number that a test names stands in the page, once."""
    numbers = [row.number for row in promises(PAGE.read_text(encoding="utf-8"))]
    assert len(numbers) == len(set(numbers))
    assert set(proofs(sources("tests"))) - set(numbers) == set()


def test_numbers_stand_in_order() -> None:
    """Rows of one kind are sorted by their number, so that one can be found."""
    rows = [row.number for row in promises(PAGE.read_text(encoding="utf-8"))]
    assert rows == sorted(rows, key=lambda number: (number[0] == "A", number))


def test_rows_and_docstrings_are_read() -> None:
    """The reading itself works: rows, numbers with letters, the columns filled from docstrings."""
    head = "# P\n\n| Number | Promise | Test |\n|---|---|---|\n"
    page = f"{head}| C-001 | It is so. |  |\n| A-07 | Or so. | `old::one` |\n"
    text = (
        "def test_one():\n    '''It is so (C-001, C-119a).'''\n"
        "class TestTwo:\n    async def test_two(self):\n        '''Or so (A-07).'''\n"
        "def test_three():\n    '''ABC-001 and C-1 are no numbers.'''\n"
    )
    named = proofs((Source("tests/unit/test_a.py", text),))
    assert named == {
        "A-07": ["unit/test_a.py::test_two"],
        "C-001": ["unit/test_a.py::test_one"],
        "C-119a": ["unit/test_a.py::test_one"],
    }
    assert list(promises(filled(page, named))) == [
        Promise("C-001", "It is so.", ("unit/test_a.py::test_one",)),
        Promise("A-07", "Or so.", ("unit/test_a.py::test_two",)),
    ]
    assert filled(page, named).startswith(head)


def test_page_has_no_number_outside_its_rows() -> None:
    """A sentence on the page that needs another promise names it by words, so that no number dangles."""
    text = PAGE.read_text(encoding="utf-8")
    known = {row.number for row in promises(text)}
    assert set(NUMBER.findall(text)) <= known
