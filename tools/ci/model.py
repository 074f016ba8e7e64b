"""A model's life as a workflow runs it: ``train`` (ingest, train, gate, register) and ``deploy`` (blue, green, score).

The gate is that of ``ml train``: a model that does not beat the baseline on held-out months fails and is not
registered. STACK_OUTPUTS names the environment's outputs; the sign-in is what azure-identity finds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.ci.engines import run
from tools.ci.job import BIN, StepError, fail, stack_outputs, summarize

STEPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "train": (("ingest",), ("train",)),
    "deploy": (("deploy",), ("score",)),
}
FIGURES = {"mae": "mean absolute error, min", "rmse": "root mean square error, min", "r2": "R²"}


def main(arguments: list[str]) -> int:
    """Run the commands of a step, and put figures on the run's page."""
    parser = argparse.ArgumentParser(prog="model", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("step", choices=STEPS)
    chosen = parser.parse_args(arguments)
    try:
        stack_outputs()
        for command in STEPS[chosen.step]:
            run(str(BIN / "ml"), *command)
    except StepError as error:
        return fail(error)
    summarize("\n".join(report(chosen.step)))
    return 0


def report(step: str) -> Iterator[str]:
    """The newest figures that the commands left in ``build/ml``."""
    if step == "deploy":
        scored = json.loads(_newest("scored.json").read_text())
        yield f"### Deployed\n\n`{scored['endpoint']}`"
        return
    figures = json.loads(_newest("metrics.json").read_text())
    yield "### Trained and registered\n\n|  | model | baseline |\n|---|---|---|"
    for key, label in FIGURES.items():
        yield f"| {label} | {figures[f'model_{key}']:.3f} | {figures[f'baseline_{key}']:.3f} |"


def _newest(name: str) -> Path:
    return max(Path("build", "ml").glob(f"*/{name}"), key=lambda path: path.stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
