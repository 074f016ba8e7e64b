"""A model's life as a workflow runs it: ``train`` (ingest, train, gate, register) and ``deploy`` (blue, green, score).

To other environments it goes in two steps: ``share`` (with the registry; answers the digest of what it leaves) and, as
who deploys the other one, ``promote`` (gate, blue, green, score). The gate is that of ``ml train``: a model that does
not beat the baseline on held-out months fails and is not registered, shared or promoted. STACK_OUTPUTS names the
environment's outputs; the sign-in is what azure-identity finds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.ci.digests import digest, require
from tools.ci.engines import run
from tools.ci.job import BIN, StepError, fail, output, stack_outputs, summarize

PROMOTION = Path("build", "ml", "promotion")
NOTE = PROMOTION / "promotion.json"  # names the digests of the files beside it
STEPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "train": (("ingest",), ("train",)),
    "deploy": (("deploy",), ("score",)),
    "share": (("share",),),
    "promote": (("deploy", "--promoted", str(PROMOTION)), ("score", "--file", str(PROMOTION / "sample.csv"))),
}
FIGURES = {"mae": "mean absolute error, min", "rmse": "root mean square error, min", "r2": "R²"}


def main(arguments: list[str]) -> int:
    """Run the commands of a step, and put figures on the run's page."""
    parser = argparse.ArgumentParser(prog="model", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--version", default="", help="of the model, by default the newest (share)")
    parser.add_argument("--digest", default="", help="what `share` answered (promote)")
    chosen = parser.parse_args(arguments)
    try:
        stack_outputs()
        if chosen.step == "promote":
            require(digest(NOTE), chosen.digest, NOTE)
        version = ("--model-version", chosen.version) if chosen.step == "share" and chosen.version else ()
        for command in STEPS[chosen.step]:
            run(str(BIN / "ml"), *command, *version)
        if chosen.step == "share":
            output("digest", digest(NOTE))
    except StepError as error:
        return fail(error)
    summarize("\n".join(report(chosen.step)))
    return 0


def report(step: str) -> Iterator[str]:
    """The newest figures that the commands left in ``build/ml``."""
    if step == "share":
        told = json.loads(NOTE.read_text())
        yield f"### Shared\n\n`{told['name']}:{told['version']}` with the registry `{told['registry']}`, judged by\n"
        yield from figures(PROMOTION / "metrics.json")
        return
    if step in {"deploy", "promote"}:
        scored = json.loads(_newest("scored.json").read_text())
        yield f"### Deployed\n\n`{scored['endpoint']}`"
        return
    yield "### Trained and registered\n"
    yield from figures(_newest("metrics.json"))


def figures(file: Path) -> Iterator[str]:
    """A table of a report's figures."""
    found = json.loads(file.read_text())
    yield "|  | model | baseline |\n|---|---|---|"
    for key, label in FIGURES.items():
        yield f"| {label} | {found[f'model_{key}']:.3f} | {found[f'baseline_{key}']:.3f} |"


def _newest(name: str) -> Path:
    found = (path for path in Path("build", "ml").glob(f"**/{name}") if PROMOTION not in path.parents)
    return max(found, key=lambda path: path.stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
