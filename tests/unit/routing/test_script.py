"""The source of a plan while it is written."""

from openviper.routing.script import Script


def test_lines_stand_where_their_block_is() -> None:
    """Blocks indent what is added within them, and a bound object has a name of its own."""
    script = Script()
    first, second = script.bind("value", 1), script.bind("value", 2)
    with script.block("if True:"):
        script.add(f"return {first} + {second}")
    assert script.source("def f():") == "def f():\n    if True:\n        return value_1 + value_2\n"
    assert script.names == {"value_1": 1, "value_2": 2}
    assert script.local("value") == "value_3"
