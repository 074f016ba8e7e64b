"""The user's scoring script: loaded once, called for every request, its mistakes told from the caller's."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

JSON = "application/json"


class InputError(ValueError):
    """The request cannot be scored as it is; the message says why and what is expected. Answered with 400."""


class Answer(NamedTuple):
    """What goes back: status, content type, body, whether ``run`` failed, and the milliseconds it took."""

    status: int
    content_type: str
    body: bytes
    failed: bool = False
    milliseconds: float = 0.0


class Script:
    """An entry script with ``init()`` and ``run(raw_data)``."""

    def __init__(self, path: Path, app_root: Path) -> None:
        self.path = path
        self.app_root = app_root
        self._run: Callable[[str], Any] | None = None

    def load(self) -> None:
        """Import the script and call its ``init()``.

        Whatever the script raises comes through; AttributeError where ``init`` or ``run`` is missing.
        """
        for folder in (self.app_root, self.path.parent):
            if str(folder) not in sys.path:
                sys.path.insert(0, str(folder))
        if not self.path.is_file():
            raise FileNotFoundError(
                f"the scoring script {self.path.name} is not in the code of this deployment;"
                f" codeConfiguration.scoringScript is a path inside the code folder: {self._found()}"
            )
        spec = importlib.util.spec_from_file_location("entry_module", self.path)
        if spec is None or spec.loader is None:
            raise ImportError(f"the scoring script {self.path.name} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules["entry_module"] = module
        spec.loader.exec_module(module)
        for name in ("init", "run"):
            if not hasattr(module, name):
                raise AttributeError(f"the scoring script {self.path.name} has no function {name}()")
        module.init()
        self._run = module.run

    def _found(self) -> str:
        files = sorted(str(file.relative_to(self.app_root)) for file in self.app_root.rglob("*.py"))
        return ", ".join(files[:10]) or "it has no Python file at all"

    def answer(self, body: bytes, content_type: str) -> Answer:
        """Call ``run`` with the body as text and encode its result; the process outlives what it raises."""
        if self._run is None:
            return _error(503, "NotReady", "The scoring script is not loaded yet.")
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            where = f"{error.reason} at byte {error.start}"
            return _error(400, "BadInput", f"The request body is not UTF-8 text: {where}.")
        started = time.perf_counter()
        try:
            status, kind, encoded = encode(self._run(text))
            failed = False
        except InputError as error:
            status, kind, encoded = _error(400, "BadInput", str(error))[:3]
            failed = True
        except Exception as error:
            # from the script's own frame on
            traceback.print_exception(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
            status, kind, encoded = _blame(error, text, content_type)[:3]
            failed = True
        return Answer(status, kind, encoded, failed, (time.perf_counter() - started) * 1000)


def encode(result: Any) -> tuple[int, str, bytes]:
    """A result of ``run`` as status, content type and body: JSON, unless it is a response (AMLResponse)."""
    if hasattr(result, "get_data") and hasattr(result, "status_code"):
        kind = str(getattr(result, "mimetype", None) or JSON)
        return int(result.status_code), kind, bytes(result.get_data())
    return 200, JSON, json.dumps(result).encode()


def _blame(error: Exception, text: str, content_type: str) -> Answer:
    """The script raised: was the request at fault? It was where JSON was wanted and something else came (400)."""
    if isinstance(error, json.JSONDecodeError) or content_type.partition(";")[0].strip().lower() == JSON:
        try:
            json.loads(text)
        except ValueError as problem:
            return _error(400, "BadInput", not_json(problem))
    what = last_line(error).rstrip(".")
    message = f"run() of the scoring script raised {what}. The deployment's logs have the traceback."
    return _error(500, "ScoringFailed", message)


def last_line(error: BaseException) -> str:
    """The last line of a traceback: ``ValueError: what is wrong``."""
    return "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]


def not_json(problem: ValueError) -> str:
    """The sentence for a body that is not JSON."""
    return f"The request body is not valid JSON: {problem}."


def _error(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Answer(status, JSON, body, failed=True)
