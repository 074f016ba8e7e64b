"""The shape of the catalogue: for an error code of Azure, what to do and where that is written."""

from __future__ import annotations

from dataclasses import dataclass

LEARN = "https://learn.microsoft.com/azure/"


@dataclass(frozen=True, slots=True)
class Advice:
    """How to mend what a code complains of; ``source`` is a page that anyone can read."""

    fix: str
    source: str


def table(page: str, rows: dict[str, str]) -> dict[str, Advice]:
    """Codes that one page of Microsoft Learn explains, each with its fix.

    A key is a code, or ``code namespace`` where a code means something else in each resource provider.
    """
    return {key: Advice(fix, LEARN + page) for key, fix in rows.items()}
