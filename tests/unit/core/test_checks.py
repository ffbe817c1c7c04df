"""The list of checks."""

from collections.abc import Iterable, Iterator

import pytest

from openviper.core.checks import clear_checks, register, run_checks
from openviper.primitives.problems import Problem, Severity

SHORT = Problem("shop.E001", "the shop has no name", "give it one")
OPEN = Problem("shop.W001", "the shop is open at night", "close it", Severity.WARNING)


@pytest.fixture(autouse=True)
def _own_checks() -> Iterator[None]:
    clear_checks()
    yield
    clear_checks()


def find_short() -> Iterable[Problem]:
    return [SHORT]


def find_open() -> Iterable[Problem]:
    yield OPEN


def test_findings_come_in_the_order_of_registration() -> None:
    """Every registered check runs, in the order in which they were registered."""
    register(find_open)
    register(find_short)

    assert run_checks() == [OPEN, SHORT]


def test_check_for_deployments_waits_for_one() -> None:
    """A check registered for deployments runs only when a deployment is checked."""
    register(find_short)
    register(find_open, deploy=True)

    assert run_checks() == [SHORT]
    assert run_checks(deploy=True) == [SHORT, OPEN]


def test_same_finding_is_listed_once() -> None:
    """A check that is registered twice runs once, and two checks with one finding list it once."""

    def find_short_as_well() -> Iterable[Problem]:
        return [SHORT]

    assert register(find_short) is register(find_short)
    register(find_short_as_well)

    assert run_checks() == [SHORT]


def test_failing_check_is_not_hidden() -> None:
    """What a check raises reaches the caller."""

    def fail() -> Iterable[Problem]:
        raise LookupError("no list of shops")

    register(fail)

    with pytest.raises(LookupError, match="no list of shops"):
        run_checks()


def test_cleared_list_is_empty() -> None:
    """Clearing forgets every check."""
    register(find_short)

    clear_checks()

    assert run_checks() == []
