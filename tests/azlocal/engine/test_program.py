"""What a program's own mistakes look like."""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.mocks import set_mocks
from pulumi.runtime.settings import reset_options
from pulumi.runtime.stack import wait_for_rpcs

from azlocal.engine.errors import ProgramError
from azlocal.engine.monitor import NoMocks
from tests.azlocal.engine.conftest import Stack


def raised(stack: Stack, program: str) -> ProgramError:
    with pytest.raises(ProgramError) as error:
        stack.up(program)
    return error.value


def test_run_error_is_its_own_message(stack: Stack) -> None:
    assert raised(stack, "raise pulumi.RunError('set the region')").message == "set the region"


def test_an_error_with_problems_shows_them_all(stack: Stack) -> None:
    error = raised(
        stack,
        "class SettingsError(Exception):\n    problems = ['a is missing', 'b is no number']\nraise SettingsError",
    )
    assert error.problems == ["a is missing", "b is no number"]
    assert error.trace


def test_pydantic_errors_name_the_field(stack: Stack) -> None:
    error = raised(
        stack,
        "from pydantic import BaseModel\nclass S(BaseModel):\n    nodes: int\n    zone: int\nS(nodes='x')",
    )
    assert len(error.problems) == 2
    assert error.problems[0].startswith("nodes: Input should be a valid integer")


def test_anything_else_names_the_line(stack: Stack) -> None:
    error = raised(stack, "x = {}\nx['missing']")
    assert error.message.startswith("__main__.py:")
    assert "KeyError: 'missing'" in error.message
    assert "traceback" in (error.hint or "")
    assert "Traceback" in (error.trace or "")


def test_an_error_in_an_apply_is_the_programs_too(stack: Stack) -> None:
    error = raised(stack, "rg = group()\nrg.name.apply(lambda name: 1 / 0)")
    assert "ZeroDivisionError" in error.message


def test_a_program_that_ends_itself(stack: Stack) -> None:
    assert "ended itself" in raised(stack, "import sys\nsys.exit(3)").message


def test_a_syntax_error_names_the_file(stack: Stack) -> None:
    assert "SyntaxError" in raised(stack, "def (:\n").message


def test_settings_are_there_and_gone_afterwards(stack: Stack) -> None:
    before = Path.cwd(), list(sys.path), list(sys.argv)
    result = stack.up(
        "import os\nconfig = pulumi.Config()\n"
        "pulumi.export('where', os.getcwd())\npulumi.export('nodes', config.require_int('nodes'))\n"
        "pulumi.export('net', config.require_object('net'))\n"
        "pulumi.export('stack', f'{pulumi.get_project()}/{pulumi.get_stack()}')",
        "config:\n  nodes: 3\n  net: {space: 10.0.0.0/16}\n",
    )
    assert result.outputs == {
        "where": str(stack.folder),
        "nodes": 3,
        "net": {"space": "10.0.0.0/16"},
        "stack": "shop/dev",
    }
    assert (Path.cwd(), list(sys.path), list(sys.argv)) == before


def test_modules_beside_the_program_are_found(stack: Stack) -> None:
    (stack.folder / f"beside_{os.getpid()}.py").write_text("ANSWER = 42\n")
    result = stack.up(f"from beside_{os.getpid()} import ANSWER\npulumi.export('answer', ANSWER)")
    assert result.outputs == {"answer": 42}


def test_an_asynchronous_program(stack: Stack) -> None:
    result = stack.up("async def main():\n    return {'name': group().name}\npulumi.run(main)")
    assert result.outputs == {"name": "rg"}


def test_what_the_program_says_is_heard(stack: Stack) -> None:
    stack.up("pulumi.log.info('one'); pulumi.log.warn('two'); pulumi.log.debug('three')")
    assert stack.heard.notes == [("info", "one"), ("warning", "two")]


def beside(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    """Call it as a module with Pulumi tests of its own would: mocks in place, their stack waiting on this loop."""

    def caller() -> None:
        asyncio.set_event_loop(loop)
        reset_options()
        set_mocks(NoMocks(), project="other", stack="mine")
        what()

    try:
        contextvars.copy_context().run(caller)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@pytest.mark.timeout(60)  # what this is about would wait for ever
def test_what_the_caller_has_not_finished_is_not_waited_for(stack: Stack) -> None:
    loop = asyncio.new_event_loop()
    told: list[str] = []

    def caller() -> None:
        pulumi.Output.from_input("mine").apply(told.append)
        assert stack.up("pulumi.export('name', group().name)").outputs == {"name": "rg"}
        assert (told, pulumi.get_project(), asyncio.get_event_loop()) == ([], "other", loop)
        loop.run_until_complete(wait_for_rpcs())
        assert told == ["mine"]

    beside(loop, caller)


def test_what_failed_the_caller_does_not_fail_the_program(stack: Stack) -> None:
    loop = asyncio.new_event_loop()

    def caller() -> None:
        failed = pulumi.Output.from_input(0).apply(lambda zero: 1 / zero)
        with pytest.raises(ZeroDivisionError):
            loop.run_until_complete(failed.future())
        assert stack.up("pulumi.export('name', group().name)").outputs == {"name": "rg"}
        with pytest.raises(ZeroDivisionError):
            loop.run_until_complete(wait_for_rpcs())

    beside(loop, caller)
