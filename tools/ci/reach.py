"""Which environments a runner reaches: those of the project whose variable RUNNER_… is set.

The answer is the matrix of the jobs that look at them: name, and the runner's labels as JSON. Standard library only.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tools.ci.job import ROOT, StepError, fail, output

LOCAL = "local"  # the stack on one machine, which no workflow deploys


def environments(project: Path = ROOT) -> list[str]:
    """The environments of the project, those first that a change reaches first."""
    order = ("dev", "staging", "prod")
    found = {path.name.split(".")[1] for path in (project / "environments").glob("Pulumi.*.yaml")} - {LOCAL}
    return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))


def variable(environment: str) -> str:
    """The repository's variable that says which runners reach an environment."""
    return f"RUNNER_{environment.upper()}"


def reached() -> list[dict[str, str]]:
    """What the variables say.

    Raises:
        StepError: one of them is no JSON of a label or of labels.
    """
    found = []
    for name in environments():
        if not (given := os.environ.get(variable(name), "")):
            continue
        try:
            labels = json.loads(given)
        except ValueError:
            labels = None
        several = labels if isinstance(labels, list) else [labels]
        if not several or not all(isinstance(label, str) and label for label in several):
            raise StepError(
                f"{variable(name)} is {given!r}",
                'write the labels as JSON, with the quotes: "ubuntu-24.04" or ["self-hosted", "mlp-prod"]',
            )
        found.append({"environment": name, "runner": json.dumps(labels)})
    return found


def main() -> int:
    """Answer the matrix."""
    try:
        output("environments", json.dumps(reached()))
    except StepError as error:
        return fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
