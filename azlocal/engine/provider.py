"""What the engine asks of a provider, whichever cloud or cluster it stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from azlocal.engine.errors import RefusedError

Json = dict[str, Any]

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that the program gives each operation (``customTimeouts``)."""

    create: float = HOUR
    update: float = HOUR
    delete: float = HOUR


@dataclass(slots=True)
class Goal:
    """One resource as the program wants it.

    ``inputs`` may hold secrets; ``old`` are the inputs last applied, for names that were made up then.
    """

    urn: str
    type: str
    name: str
    inputs: Json
    old: Json | None = None
    settings: Json = field(default_factory=dict)  # inputs of an explicit provider
    forever: bool = False  # when it is deleted, nothing of it is to be kept for a recovery


@dataclass(slots=True)
class Checked:
    """A goal that has been looked at: all inputs, its id, and the request that would make it."""

    inputs: Json
    id: str
    api_version: str = ""
    arm_type: str = ""
    body: Any = None


def refuse_others(name: str, inputs: Json, known: frozenset[str], hint: str) -> None:
    """Refuse inputs of an explicit provider that are set and not among the known.

    Raises:
        RefusedError: naming them.
    """
    others = sorted(key for key, value in inputs.items() if key not in known and value not in ("false", "", None))
    if others:
        raise RefusedError(
            f"the provider '{name}' has inputs that this engine does not serve: {', '.join(others)}", hint
        )


class Provider(Protocol):
    """One package's resources. Every method may raise ``ResourceError``."""

    def check(self, goal: Goal) -> Checked:
        """Fill in what the program left out. Raises ``RefusedError`` for a type that is not served."""
        ...

    def configure(self, name: str, inputs: Json) -> None:
        """Look at an explicit provider's inputs. Raises ``RefusedError`` for one that would be passed over."""
        ...

    def place(self, settings: Json) -> str:
        """Where an explicit provider with these inputs makes its resources; empty where there is only one place."""
        ...

    def create_only(self, type_: str, settings: Json) -> tuple[str, ...]:
        """Inputs of a type that can't change in place."""
        ...

    def exists(self, goal: Goal, checked: Checked) -> bool:
        """Whether there is something with this id."""
        ...

    def refuse_taken(self, goal: Goal, checked: Checked) -> None:
        """Raise ``AlreadyExists`` where making it would overwrite something of someone else's."""
        ...

    def create(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """Make it, and answer its outputs."""
        ...

    def update(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """Change it in place, and answer its outputs."""
        ...

    def read(self, type_: str, id_: str, settings: Json) -> Json | None:
        """Its outputs, or None if it isn't there."""
        ...

    def delete(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """Delete it; it's no error if it's gone."""
        ...

    def purge(self, goal: Goal, api_version: str, timeout: float) -> None:
        """Give up the name of what was deleted, where it is kept for a while and may be given up."""
        ...

    def invoke(self, token: str, arguments: Json, settings: Json) -> Json:
        """Answer a function. Raises ``RefusedError`` for one that is not served."""
        ...
