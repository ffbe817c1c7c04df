"""What the check command says about databases."""

from openviper.conf import settings
from openviper.core.checks import clear_checks, run_checks
from openviper.db.checks import register_checks


def test_every_database_is_looked_at() -> None:
    """Each alias that cannot work is one finding; the others are not opened."""
    settings.configure(
        DATABASES={
            "default": {"URL": "sqlite:////nowhere/at/all.db"},
            "old": {"URL": "dbase://host/x"},
            "slow": {"URL": "sqlite://", "LOCK_TIMEOUT": 0},
        }
    )
    clear_checks()
    register_checks()
    problems = run_checks()
    clear_checks()
    assert [problem.id for problem in problems] == ["db.E001", "db.E001"]
    assert "dbase" in problems[0].message
    assert "LOCK_TIMEOUT" in problems[1].message
