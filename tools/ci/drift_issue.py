"""One issue for an environment that is not what its program says: opened, written anew each night, closed by itself.

In a job: GITHUB_TOKEN, GITHUB_REPOSITORY, RUN (the run's address). Standard library only.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from tools.ci.comment import fit
from tools.ci.github import Repository
from tools.ci.job import StepError, fail

AGREED = "The program and Azure agree again."


def report(repository: Repository, environment: str, found: str, run: str) -> str:
    """Bring the environment's issue to where a comparison wants it; what was done, in a sentence.

    Args:
        repository: where.
        environment: the stack.
        found: the differences in words; none if there is none.
        run: the address of the run that compared.

    Raises:
        StepError: GitHub refused.
    """
    marker = f"<!-- drift of {environment} -->"
    known = next((one for one in repository.pages("issues?state=open") if _is(repository, one, marker)), None)
    if not found:
        if known is None:
            return f"{environment} is what its program says."
        repository.send("POST", f"issues/{known['number']}/comments", {"body": f"{AGREED} {run}"})
        repository.send("PATCH", f"issues/{known['number']}", {"state": "closed"})
        return f"{environment} is what its program says again: {known['html_url']} is closed."
    text = (
        f"{marker}\nAzure is not what the program says of `{environment}`, or could not be compared. Bring the change"
        f" into the program, or put Azure back with `pulumi up --refresh --stack {environment}`.\n\n{found}\n"
        f"Compared by {run}. This text is written anew each night, and the issue closes by itself.\n"
    )
    if known is None:
        made = repository.send("POST", "issues", {"title": f"Drift in {environment}", "body": fit(text)})
        return f"{environment} differs: {made['html_url']} is opened."
    repository.send("PATCH", f"issues/{known['number']}", {"body": fit(text)})
    return f"{environment} differs still: {known['html_url']} is written anew."


def _is(repository: Repository, issue: dict[str, Any], marker: str) -> bool:
    """GitHub lists pull requests among the issues, and anybody may write the marker."""
    return "pull_request" not in issue and repository.is_own(issue) and str(issue["body"]).startswith(marker)


def main(arguments: list[str]) -> int:
    """Say on GitHub what a comparison found."""
    parser = argparse.ArgumentParser(prog="drift_issue", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("environment")
    parser.add_argument("file", type=Path, help="what `stack drift --file` left")
    chosen = parser.parse_args(arguments)
    try:
        if not chosen.file.is_file():
            raise StepError(f"there is no {chosen.file}", "`python -m tools.ci.stack drift --file` writes it")
        found = chosen.file.read_text(encoding="utf-8")
        repository = Repository.of_job("RUN")
        sys.stdout.write(f"{report(repository, chosen.environment, found, os.environ['RUN'])}\n")
    except StepError as error:
        return fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
