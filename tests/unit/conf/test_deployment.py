"""The rules for production, called directly; what each finds is in test_checks."""

from openviper.conf import Settings
from openviper.conf.deployment import find_deployment_problems
from openviper.primitives.problems import Severity


def test_every_rule_is_an_error_with_a_mend() -> None:
    """Nothing that matters in production is a mere warning, each id occurs once, and each says what to do."""
    values = {**Settings().as_dict(mask_sensitive=False), "ALLOWED_HOSTS": (), "SECRET_KEY": "changeme"}
    problems = list(find_deployment_problems(values))
    assert len({problem.id for problem in problems}) == len(problems) == 11
    assert all(problem.severity is Severity.ERROR and problem.hint.endswith(".") for problem in problems)


def test_weak_key_is_not_repeated() -> None:
    """Messages about a key do not contain it."""
    values = {**Settings().as_dict(mask_sensitive=False), "SECRET_KEY": "changeme"}
    assert "changeme" not in str(list(find_deployment_problems(values)))


def test_values_of_the_wrong_type() -> None:
    """A value that makes no sense breaks the rule instead of the check."""
    values = {**Settings().as_dict(mask_sensitive=False), "SECURE_HSTS_SECONDS": None, "OPENAPI": None}
    assert {"settings.E110", "settings.E111"} <= {problem.id for problem in find_deployment_problems(values)}
