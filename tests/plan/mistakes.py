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
        fix: the change after which nothing is wrong; none: the change taken back.
        setup: changes before, with which nothing is wrong either: the variation that the mistake is one of.
    """

    kind: Kind
    env: str
    change: Change
    code: str
    fix: Change | None = None
    setup: tuple[Change, ...] = ()

    @property
    def mended(self) -> tuple[Change, ...]:
        """All changes, with the fix at the end."""
        if self.fix is not None:
            return (*self.setup, self.change, self.fix)
        if isinstance(self.change, Text):
            return (*self.setup, self.change, self.change.undone)
        return self.setup

    def __str__(self) -> str:
        what = self.change.key if isinstance(self.change, Set) else self.change.file
        return f"{self.kind}-{self.env}-{what}-{self.code}".replace(" ", "-")
