"""What a plan holds; whoever shows it in another form reads this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlocal.engine.plan.against import Against

Json = dict[str, Any]


@dataclass(slots=True)
class Plan:
    """The resources in the order they would be made, the problems, and the findings of the project's policy."""

    stack: str
    resources: list[Json] = field(default_factory=list)
    problems: list[Json] = field(default_factory=list)
    findings: list[Json] = field(default_factory=list)
    unjudged: bool = False  # the policy was not asked: the plan has problems
    outputs: Json = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)  # ids of what the settings name, taken to be there
    against: Against | None = None  # how it differs from what runs, where it was compared

    def as_json(self) -> Json:
        """What ``azlocal plan --json`` writes."""
        return {
            "stack": self.stack,
            "resources": self.resources,
            "problems": self.problems,
            "findings": self.findings,
            **({"unjudged": True} if self.unjudged else {}),
            "outputs": self.outputs,
            "assumed": self.assumed,
            **({"against": self.against.as_json()} if self.against else {}),
        }
