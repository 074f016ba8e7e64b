"""What the engine asks of a provider, whichever cloud or cluster it stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from azlocal.engine.errors import RefusedError, ResourceError

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

    ``inputs`` may hold secrets; ``old`` are the inputs last applied, for names that were made up then, ``id`` and
    ``outputs`` what came of them.
    """

    urn: str
    type: str
    name: str
    inputs: Json
    old: Json | None = None
    settings: Json = field(default_factory=dict)  # inputs of an explicit provider
    forever: bool = False  # when it is deleted, nothing of it is to be kept for a recovery
    id: str = ""
    outputs: Json | None = None


@dataclass(slots=True)
class Checked:
    """A goal that has been looked at: all inputs, its id, and the request that would make it.

    Where only creating tells the id, ``create`` fills it in.
    """

    inputs: Json
    id: str
    api_version: str = ""
    arm_type: str = ""
    body: Any = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Something deleted that holds a name.

    ``purging`` and ``recovering`` are Azure's own ways to end that.
    """

    id: str
    purging: str
    recovering: str
    until: str = ""  # when Azure purges it by itself, where it says so
    protected: bool = False  # nobody purges it before that


@dataclass(frozen=True, slots=True)
class Difference:
    """What a provider itself says about a change; ``changes`` is None where the inputs are to be compared."""

    changes: bool | None = None
    replaces: tuple[str, ...] = ()
    delete_first: bool = False
    stables: tuple[str, ...] = ()  # outputs that an update leaves as they are


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

    opaque: bool
    """Nobody but its own code knows what comes of it: a plan must not call that."""

    def check(self, goal: Goal) -> Checked:
        """Fill in what the program left out. Raises ``RefusedError`` for a type that is not served."""
        ...

    def diff(self, goal: Goal, checked: Checked) -> Difference | None:
        """How it would change; None where comparing the inputs tells."""
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

    def read(self, goal: Goal, id_: str, version: str = "") -> Json | None:
        """Its outputs, or None if it isn't there; ``version`` is the api-version of its record, where it has one."""
        ...

    def delete(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """Delete it; it's no error if it's gone."""
        ...

    def holds(self, type_: str) -> str:
        """What is lost with a resource of a type and can't be made again, in words; empty where nothing is."""
        ...

    def stays(self, type_: str) -> str:
        """Why a resource of a type can't be deleted by itself and stays as long as what it lies in; else empty."""
        ...

    def keeps(self, goal: Goal) -> bool:
        """Whether it is kept for a while when it is deleted, and holds its name."""
        ...

    def held_by(self, goal: Goal, checked: Checked, error: ResourceError) -> Holder | None:
        """What was deleted and holds the name, where that is why making it was refused."""
        ...

    def purge(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """Give up for good what was deleted, and its name; no error if it is kept no more."""
        ...

    def recover(self, goal: Goal, checked: Checked, timeout: float) -> None:
        """Bring back what was deleted, as it was; no error if it is kept no more."""
        ...

    def invoke(self, token: str, arguments: Json, settings: Json) -> Json:
        """Answer a function. Raises ``RefusedError`` for one that is not served."""
        ...


class KeepsNothing:
    """What a provider says whose deleted resources are gone at once, and hold no name."""

    def stays(self, type_: str) -> str:
        """Everything can be deleted."""
        return ""

    def keeps(self, goal: Goal) -> bool:
        """Never."""
        return False

    def held_by(self, goal: Goal, checked: Checked, error: ResourceError) -> Holder | None:
        """Nothing can."""
        return None

    def purge(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """There is nothing to purge."""

    def recover(self, goal: Goal, checked: Checked, timeout: float) -> None:
        """There is nothing to bring back."""
