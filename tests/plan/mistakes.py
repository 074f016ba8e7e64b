"""What a row of the tables of seeded mistakes is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.plan.workbench import Change, Set, Text

Kind = Literal[
    "names",
    "addresses",
    "subnets",
    "private DNS",
    "regions and zones",
    "SKUs",
    "api-versions",
    "types",
    "roles",
    "order",
    "traps",
    "quotas",
]


@dataclass(frozen=True)
class Mistake:
    """One change that Azure would refuse, or that would not work.

    Args:
        kind: which kind of trap it is.
        env: the environment that it is made in.
        change: the mistake.
        code: Azure's own code; of a setting its key.
        fix: the change after which nothing is wrong: on top of the mistake, or, of the same text, in its place.
        setup: changes before, with which nothing is wrong either: the variation that the mistake is one of.
        names: a field or a value that the plan says to write, and the fix writes.
        answer: of a setting, Azure's own code, where one is known.
    """

    kind: Kind
    env: str
    change: Change
    code: str
    fix: Change
    setup: tuple[Change, ...] = ()
    names: str = ""
    answer: str = ""

    @property
    def mended(self) -> tuple[Change, ...]:
        """All changes, with the fix at the end."""
        instead = isinstance(self.fix, Text) and isinstance(self.change, Text) and self.fix.old == self.change.old
        return (*self.setup, self.fix) if instead else (*self.setup, self.change, self.fix)

    def __str__(self) -> str:
        what = self.change.key if isinstance(self.change, Set) else self.change.file
        return f"{self.kind}-{self.env}-{what}-{self.code}".replace(" ", "-")
