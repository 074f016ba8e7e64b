"""Running the Pulumi program itself: in this process, as the Pulumi CLI's Python host would run it.

The host changes into the program's folder, puts it first on the path and runs ``__main__`` inside a stack
(``pulumi-language-python-exec``). What the program raises becomes a ``ProgramError`` with the program's own
sentences.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import runpy
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import reset_options, set_root_resource
from pulumi.runtime.stack import run_in_stack

from azlocal.engine.errors import EngineError, Mistake, ProgramError
from azlocal.engine.host import in_folder_of
from azlocal.engine.monitor import Monitor, NoMocks
from azlocal.engine.project import Project
from azlocal.engine.shortcuts import shortcuts

# As many registrations as may wait for Azure at the same time.
THREADS = 64


class _Inline(ThreadPoolExecutor):
    """Runs at once what a thread would run: nothing in a plan waits for anything."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call it and hand back its result."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def run_program(project: Project, monitor: Monitor, *, planning: bool, note: Callable[[str, str], None]) -> None:
    """Run the program to its end, and with it everything it registers.

    The SDK keeps its state in context variables (``pulumi.runtime.settings``), among it every output that it will
    wait for. The program gets a context and a loop of its own: an output that the caller left on another loop would
    be waited for without end, and what the caller set up with the SDK stays as it is.

    Raises:
        ProgramError: the program raised.
    """
    contextvars.copy_context().run(_run_program, project, monitor, planning=planning, note=note)


def _run_program(project: Project, monitor: Monitor, *, planning: bool, note: Callable[[str, str], None]) -> None:
    executor = _Inline(1) if planning else ThreadPoolExecutor(THREADS, thread_name_prefix="engine")
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(_tell_once)
    loop.set_default_executor(executor)
    monitor.run_on(loop)
    failures: list[BaseException] = []

    async def main() -> None:
        mocks.set_mocks(
            NoMocks(),
            project=project.name,
            stack=project.stack,
            preview=planning,
            logger=_logger(note),
            monitor=monitor,
            organization="organization",
        )
        # The stack that set_mocks makes is closed already, and would not take the program's outputs.
        set_root_resource(None)  # type: ignore[arg-type]
        await run_in_stack(lambda: _run_main(project.main))

    with _as_host(project), shortcuts():
        try:
            loop.run_until_complete(main())
        except BaseException as error:
            failures.append(error)
        finally:
            _close(loop, executor)
    if failures:
        raise explain(failures[0], project.main.parent) from failures[0]


def _tell_once(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What fails is told by what the run raises; asyncio would print it again for each future that nobody asked."""
    if not context["message"].endswith("exception was never retrieved"):
        loop.default_exception_handler(context)


def _run_main(path: Path) -> None:
    runpy.run_path(str(path), run_name="__main__")


@contextlib.contextmanager
def _as_host(project: Project) -> Iterator[None]:
    """The working directory, path and settings that the program expects; put back afterwards."""
    reset_options()
    set_all_config(dict(project.config), [])
    try:
        with in_folder_of(project.main):
            yield
    finally:
        reset_options()  # the SDK also keeps the last value beyond the context


def _close(loop: asyncio.AbstractEventLoop, executor: ThreadPoolExecutor) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    executor.shutdown(wait=True)
    loop.close()


def _logger(note: Callable[[str, str], None]) -> logging.Logger:
    """What the program says with ``pulumi.log`` goes to the watcher."""

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            note(record.levelname.lower(), record.getMessage())

    logger = logging.getLogger("azlocal.engine.program")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [Notes()]
    return logger


def explain(error: BaseException, folder: Path) -> BaseException:
    """What to show for an exception of the program.

    An exception that carries its own sentences (``problems``, as settings errors do) or is meant for people
    (``pulumi.RunError``) is shown as it says; anything else with the program's file and line.
    """
    for one in _chain(error):
        if isinstance(one, EngineError):
            return one
        if problems := _problems(one):
            return ProgramError(problems, trace=_trace(error), mistakes=_mistakes(one))
        if isinstance(one, pulumi.RunError):
            return ProgramError([str(one)], trace=_trace(error))
    if isinstance(error, KeyboardInterrupt):
        return error
    if isinstance(error, SystemExit):
        return ProgramError([f"the program ended itself with {error.code!r}"])
    where = _place(error, folder)
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ProgramError([f"{where}: {text}" if where else text], "--verbose shows the traceback", _trace(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _problems(error: BaseException) -> list[str]:
    """The sentences of an error that has them; pydantic's errors are told field by field."""
    problems = getattr(error, "problems", None)
    if isinstance(problems, (list, tuple)) and problems:
        return [str(problem) for problem in problems]
    if type(error).__name__ == "ValidationError" and callable(getattr(error, "errors", None)):
        return [
            f"{'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}"
            for one in error.errors()  # type: ignore[attr-defined]
        ]
    return []


def _mistakes(error: BaseException) -> tuple[Mistake, ...]:
    """The problems of an error that tells each with place and key, as ``Mistake`` has them; else none."""
    found = getattr(error, "problems", ())
    if not all(hasattr(one, "key") and hasattr(one, "message") for one in found):
        return ()
    names = Mistake.__dataclass_fields__
    return tuple(Mistake(**{name: str(getattr(one, name, "")) for name in names}) for one in found)


def _place(error: BaseException, folder: Path) -> str:
    """The last line of the program's own that the exception went through."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)
    ]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
