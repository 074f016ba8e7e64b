"""The providers of a deployment, and what explicit ones of the program say."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from azlocal.engine.errors import RefusedError
from azlocal.engine.provider import Checked, Goal, Json, Provider
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.values import UNKNOWN


class Providers:
    """Providers by package, with the inputs of explicit ones from the state."""

    def __init__(self, known: Mapping[str, Provider], state: StackState) -> None:
        self._known = known
        self._state = state

    def of(self, token: str) -> Provider:
        """The provider of a type or a function.

        Raises:
            RefusedError: the engine has none for the package.
        """
        package = token.partition(":")[0]
        provider = self._known.get(package)
        if provider is None:
            raise RefusedError(
                f"'{token}' needs the provider '{package}', which this engine has not",
                f"it has: {', '.join(sorted(self._known))}",
            )
        return provider

    def settings(self, reference: str) -> Json:
        """The inputs of an explicit provider; ``reference`` is the SDK's ``urn::id``."""
        record = self._state.records.get(reference.rpartition("::")[0])
        return record.inputs if record else {}

    def create_only(self, type_: str, reference: str) -> tuple[str, ...]:
        """Inputs of a type that can't change in place."""
        return self.of(type_).create_only(type_, self.settings(reference))

    def goal_of(self, record: Record, *, forever: bool = False) -> Goal:
        """A record as a goal: what a delete wants to know."""
        settings = record.elsewhere or self.settings(record.provider)
        return Goal(
            record.urn,
            record.type,
            record.name,
            record.inputs,
            None,
            settings,
            forever=forever,
            id=record.id,
            outputs=record.outputs,
        )

    def would_replace(self, record: Record, unknown: Collection[str]) -> bool:
        """Whether a resource has to be made anew when these inputs of it become something nobody knows yet."""
        fixed = {path.split(".")[0].split("[")[0] for path in self.create_only(record.type, record.provider)}
        if not fixed.isdisjoint(unknown):
            return True
        inputs = {**record.inputs, **dict.fromkeys(unknown, UNKNOWN)}
        found = self.of(record.type).diff(self.goal_of(record), Checked(inputs, record.id))
        return bool(found and found.replaces)
