"""How a figure is written down."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path("build/benchmarks")


@dataclass(frozen=True)
class Figure:
    """One measured value and the target it is held against, if there is one."""

    name: str
    value: float
    unit: str
    target: str | None


def write(part: str, figures: Iterable[Figure]) -> None:
    """Print a table and keep the figures with the day and the machine's kind."""
    figures = list(figures)
    table = Table("figure", "value", "target", title=part)
    for figure in figures:
        table.add_row(figure.name, f"{figure.value:,.2f} {figure.unit}", figure.target or "")
    Console().print(table)
    RESULTS.mkdir(parents=True, exist_ok=True)
    record = {
        "day": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "figures": [asdict(figure) for figure in figures],
    }
    (RESULTS / f"{part}.json").write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
