"""What would lose data is refused until somebody has said of the very resource that it is meant.

Pulumi deletes and replaces whatever a program's change asks for; only ``protect`` stops it. Here the tables say which
types hold what nobody can make again (``AzureType.holds``), and without a word neither an edited setting nor a removed
block takes one of them away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from azlocal.engine.errors import ResourceError
from azlocal.engine.events import Failure, Watcher
from azlocal.engine.providers import Providers
from azlocal.engine.stack_state import Record

OPTION = "--accept-data-loss"
CODE = "DataLoss"


@dataclass(frozen=True, slots=True)
class Loss:
    """A refusal, with the names of those whose data would be lost."""

    failure: Failure
    names: tuple[str, ...]


class DataLoss:
    """Guards what holds data.

    Args:
        providers: they know what a type holds.
        accepted: names, URNs or ids of resources whose data may be lost, with all that lies within them.
    """

    def __init__(self, providers: Providers, accepted: Collection[str]) -> None:
        self._providers = providers
        self._accepted = {text.lower() for text in accepted}
        self._used: set[str] = set()
        self._given_up: list[Record] = []

    def of(self, going: Iterable[Record]) -> list[Record]:
        """Those of them whose data would be lost, without what lies within another of them."""
        holding = [one for one in going if one.is_real and not one.retain and self.holding(one)]
        return [one for one in holding if not any(_within(one, other) for other in holding)]

    def refused(self, going: Iterable[Record]) -> list[Record]:
        """Those whose data would be lost though nobody has accepted it."""
        records = list(going)
        self._given_up += [one for one in records if self._is_accepted(one)]
        gone = list(self._given_up)
        return self.of(one for one in records if not any(one is other or _within(one, other) for other in gone))

    def refuse(self, going: Iterable[Record], why: str) -> None:
        """Raise unless all that would be lost has been accepted.

        Raises:
            ResourceError: ``DataLoss``, naming what would be lost and the option that accepts it.
        """
        if lost := self.refused(going):
            raise ResourceError(CODE, self.told(lost, why))

    def told(self, lost: Collection[Record], why: str) -> str:
        """What would be lost and why, with the option that accepts it."""
        held = "; ".join(f"{self.holding(one)} ({one.id})" for one in lost)
        options = " ".join(f"{OPTION} {one.name}" for one in lost)
        return f"{why}, and {held} would be lost with it; if that is meant, add {options}"

    def holding(self, record: Record) -> str:
        """What a resource holds, in words; empty where it holds nothing."""
        return self._providers.of(record.type).holds(record.type)

    def finish(self, watcher: Watcher) -> None:
        """Say which words were given for nothing: a wrong name must not look as if it had been heeded."""
        for text in sorted(self._accepted - self._used):
            watcher.note("warning", f"{OPTION} {text}: no resource of that name was to be deleted or replaced")

    def _is_accepted(self, record: Record) -> bool:
        said = self._accepted & {record.name.lower(), record.urn.lower(), record.id.lower()}
        self._used |= said
        return bool(said)


def _within(record: Record, other: Record) -> bool:
    return bool(other.id) and record.id.lower().startswith(f"{other.id.lower()}/")
