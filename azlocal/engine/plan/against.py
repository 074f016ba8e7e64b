"""A plan against the local Azure that runs: what ``up --refresh`` would do to each resource, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azlocal.engine.drift import run_drift
from azlocal.engine.events import Action, Failure
from azlocal.engine.looking import Change
from azlocal.engine.plan import standing
from azlocal.engine.run import Target
from azlocal.engine.urns import name_of, short_type
from azlocal.engine.view import SIGNS

Json = dict[str, Any]

DONE = {
    Action.CREATE: "to create",
    Action.IMPORT: "to import",
    Action.UPDATE: "to change",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
}


@dataclass(slots=True)
class Against:
    """How a program differs from what runs.

    ``open`` are resources whose inputs hang on what would be new: they may change, and how is known only then.
    ``problems`` are the changes that Azure would refuse for what stands in their way.
    """

    changes: list[Change]
    open: list[str]
    failures: list[Failure]
    same: int
    problems: list[Json] = field(default_factory=list)

    def summary(self) -> str:
        """The counts, in one line."""
        counts = Counter(one.action for one in self.changes)
        parts = [f"{counts[action]} {done}" for action, done in DONE.items() if counts[action]]
        if self.open:
            parts.append(f"{len(self.open)} may change")
        if self.failures:
            parts.append(f"{len(self.failures)} can't be looked at")
        return ", ".join([*(parts or ["nothing to do"]), f"{self.same} unchanged"])

    def lines(self) -> Iterator[str]:
        """One line for each difference."""
        for one in self.changes:
            fields = ", ".join(one.fields)
            told = one.why if fields and one.why.startswith(fields) else "; ".join(filter(None, (fields, one.why)))
            lost = f"; LOSES {one.loses}: `up` wants --accept-data-loss {name_of(one.urn)}" if one.loses else ""
            yield f"{SIGNS[one.action][0]} {_named(one.urn)}{f': {told}' if told else ''}{lost}"
        for urn in self.open:
            yield f"? {_named(urn)}: hangs on what would be new, and may change"
        for failure in self.failures:
            yield f"! {_named(failure.urn)}: {failure.code}: {failure.message}"

    def as_json(self) -> Json:
        """What ``azlocal plan --json`` writes."""
        return {
            "changes": [
                {
                    "action": one.action.value,
                    "urn": one.urn,
                    "fields": list(one.fields),
                    "why": one.why,
                    "loses": one.loses,
                }
                for one in self.changes
            ],
            "open": self.open,
            "failures": [{"urn": one.urn, "code": one.code, "message": one.message} for one in self.failures],
            "unchanged": self.same,
        }


def against(project_dir: Path | str, env: str, target: Target) -> Against:
    """Compare; nothing is written, to Azure or to the stack's state.

    Raises:
        EngineError: as ``run_drift``.
    """
    found = run_drift(project_dir, env, target)
    made = [Change(Action.CREATE, urn) for urn in found.skipped if urn not in found.known]
    open_ = [urn for urn in found.skipped if urn in found.known]
    return Against(found.changes + made, open_, found.failures, found.same, standing.problems(found))


def _named(urn: str) -> str:
    return f"{short_type(urn)} {name_of(urn)}" if urn.startswith("urn:") else urn
