"""Reading a page as steps."""

import textwrap

import pytest

from tests.docs.page import PageError, RunCommand, RunPython, WriteFile, read_steps


def page(text: str) -> str:
    """The text of a page; ``'''`` stands for the fence, which would end a block of a real page."""
    return textwrap.dedent(text).replace("'''", "```")


def test_block_with_a_path_is_a_file() -> None:
    """A path in the comment of the first line makes a file of the block, in every language with comments."""
    steps = read_steps(
        page("""
        '''python
        # shop/views.py
        x = 1
        '''
        '''ini
        # .env
        A=1
        '''
        '''html
        <!-- templates/home.html -->
        <p>hello</p>
        '''
        """)
    )
    assert [(step.path, step.line) for step in steps if isinstance(step, WriteFile)] == [
        ("shop/views.py", 3),
        (".env", 7),
        ("templates/home.html", 11),
    ]
    assert steps[0] == WriteFile(3, "shop/views.py", "# shop/views.py\nx = 1\n")


def test_block_without_a_path_is_run_and_takes_the_output_after_it() -> None:
    """A Python block is run; a text block that is titled output belongs to the one before it."""
    steps = read_steps(
        page("""
        '''python
        # a comment is no path
        print("hello")
        '''
        It prints:
        '''text title="output"
        hello
        '''
        '''text
        only to be read
        '''
        """)
    )
    assert steps == [RunPython(3, '# a comment is no path\nprint("hello")\n', "hello\n")]


def test_directive_is_read_like_a_fence() -> None:
    """``code-block`` with its options is the same block, and a note may hold blocks."""
    steps = read_steps(
        page("""
        ````{note}
        :class: wide

        '''python
        a = 1
        '''
        ````
        '''{code-block} text
        :caption: Output

        1
        '''
        '''{toctree}
        other
        '''
        """)
    )
    assert steps == [RunPython(6, "a = 1\n", "1\n")]


def test_console_block_is_commands_and_what_they_print() -> None:
    """Every ``$`` begins a command, a backslash continues it, ``&`` leaves it running."""
    steps = read_steps(
        page("""
        '''console
        $ openviper version
        OpenViper 0.1.0
        $ echo one \\
        > two
        $ openviper viperctl runserver &
        '''
        """)
    )
    assert steps == [
        RunCommand(3, "openviper version", "OpenViper 0.1.0"),
        RunCommand(5, "echo one \\\ntwo"),
        RunCommand(7, "openviper viperctl runserver", in_background=True),
    ]


def test_block_that_says_why_it_is_not_run_is_left_out() -> None:
    """The comment right before a block leaves it out, and only that block."""
    steps = read_steps(
        page("""
        <!-- not run: needs the network -->
        '''console
        $ pip install openviper
        '''
        '''console
        $ true
        '''
        """)
    )
    assert steps == [RunCommand(7, "true")]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("'''bash\nls\n'''", 2, "neither run nor shown"),
        ("'''\nls\n'''", 2, "no language"),
        ("'''console\nls\n'''", 2, "begins with a command"),
        ("'''text output\n1\n'''", 2, "must follow the python block"),
        ("'''python\n# ../views.py\n'''", 2, "leaves the workspace"),
        ("<!-- not run: -->\n'''python\n1\n'''", 1, "why the block is not run"),
    ],
)
def test_block_that_cannot_be_understood_is_an_error_with_its_line(text: str, line: int, says: str) -> None:
    """Nothing is passed over in silence: the error names the line and the mend."""
    with pytest.raises(PageError, match=says) as caught:
        read_steps(page(text))
    assert caught.value.line == line
