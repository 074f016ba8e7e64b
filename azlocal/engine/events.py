"""What a deployment tells whoever watches it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Action(Enum):
    """What happens to one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"
    IMPORT = "import"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Failure:
    """One resource that could not be brought where the program wants it."""

    urn: str
    code: str
    message: str
    target: str = ""  # the field it is about, where that is told


@dataclass(slots=True)
class Summary:
    """How a deployment went."""

    counts: Counter[Action] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return any(count for action, count in self.counts.items() if action not in (Action.SAME, Action.READ))


class Watcher(Protocol):
    """Hears of every step; called from many threads."""

    def started(self, urn: str, action: Action) -> None:
        """A resource is being worked on."""
        ...

    def finished(self, urn: str, action: Action) -> None:
        """It is done; for what stays as it is, this comes alone."""
        ...

    def failed(self, urn: str, action: Action, failure: Failure) -> None:
        """It could not be done."""
        ...

    def note(self, severity: str, message: str) -> None:
        """The program, or the engine, says something."""
        ...


class Silent:
    """Hears nothing."""

    def started(self, urn: str, action: Action) -> None:
        """Ignore."""

    def finished(self, urn: str, action: Action) -> None:
        """Ignore."""

    def failed(self, urn: str, action: Action, failure: Failure) -> None:
        """Ignore."""

    def note(self, severity: str, message: str) -> None:
        """Ignore."""
