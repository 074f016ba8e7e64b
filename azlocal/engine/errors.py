"""What can go wrong in the engine.

AzureLocalError
└── EngineError          a mistake of the user's: one sentence and the way out
    ├── FileError        a file of the project cannot be read as what it should be
    ├── ProgramError     the Pulumi program itself stopped; its own sentences
    └── RefusedError     something of Pulumi that this engine does not do, by name
ResourceError            one resource failed; the others go on
└── ArmCallError         Azure answered with an error
"""

from __future__ import annotations

from dataclasses import dataclass

from azlocal.errors import AzureLocalError

# How what Pulumi's resource option keeps from going is let go.
UNPROTECT = "take the resource option `protect` from it, or change the setting that gives it, and run up first"
TAKEN = "AlreadyExists"  # the code of a resource that would overwrite what is there


class EngineError(AzureLocalError):
    """A mistake that its maker can mend: ``message`` says what is wrong, ``hint`` the way out."""


class FileError(EngineError):
    """A file of the project is not what it should be. ``where`` is the file, with the line where one is known."""

    def __init__(self, message: str, hint: str, where: str, key: str = "", source: str = "") -> None:
        super().__init__(message, hint)
        self.where = where
        self.key = key
        self.source = source  # the page that says what it should be


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a program says is wrong with its settings, in parts."""

    where: str  # file and line
    key: str
    message: str
    hint: str = ""
    source: str = ""
    code: str = ""  # what Azure would answer, where the program knows


class ProgramError(EngineError):
    """The Pulumi program raised. ``problems`` are its sentences, ``trace`` the traceback for ``--verbose``.

    ``mistakes`` are the same sentences in parts, where the program tells them so.
    """

    def __init__(
        self,
        problems: list[str],
        hint: str | None = None,
        trace: str | None = None,
        mistakes: tuple[Mistake, ...] = (),
    ) -> None:
        super().__init__("\n".join(problems), hint)
        self.problems = problems
        self.trace = trace
        self.mistakes = mistakes


class RefusedError(EngineError):
    """Something Pulumi knows and this engine doesn't, named."""


class ResourceError(Exception):
    """One resource could not be brought where the program wants it."""

    def __init__(self, code: str, message: str, target: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.target = target  # the field it is about, where that is told


class ArmCallError(ResourceError):
    """Azure refused: its own code and message, and the status."""

    def __init__(self, status: int, code: str, message: str, target: str = "") -> None:
        super().__init__(code, message, target)
        self.status = status
        self.asked = ""  # the id of the resource that a function was asked of
