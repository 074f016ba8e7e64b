"""Put the plan as the one comment of its kind on a pull request: made once, then written anew.

In a job: GITHUB_TOKEN, GITHUB_REPOSITORY and PULL_REQUEST (the number). ENVIRONMENTS, the answer of `tools.ci.reach`,
adds what would change in each environment: the first time that it is being looked at, then what `--previews` holds.
Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.ci import reach
from tools.ci.github import Repository
from tools.ci.job import StepError, fail, summarize

MOST = 65_536  # characters of a comment; GitHub refuses longer ones with 422
SHARE = 6_000  # characters of one environment's preview in it


def put(repository: Repository, number: str, kind: str, text: str) -> str:
    """Write the comment of a kind on a pull request; answers where it is.

    Raises:
        StepError: GitHub refused.
    """
    marker = f"<!-- {kind} -->"
    body = {"body": fit(f"{marker}\n{text}")}
    if (found := next(_marked(repository, number, marker), None)) is None:
        made = repository.send("POST", f"issues/{number}/comments", body)
    else:
        made = repository.send("PATCH", f"issues/comments/{found}", body)
    return str(made["html_url"])


def _marked(repository: Repository, number: str, marker: str) -> Iterator[int]:
    """Ids of the workflow's own comments of a kind: anybody may write the marker."""
    for comment in repository.pages(f"issues/{number}/comments"):
        if repository.is_own(comment) and comment["body"].startswith(marker):
            yield comment["id"]


def on_azure(reached: list[dict[str, str]], previews: Path | None) -> str:
    """What would change in each environment, from the files `ENVIRONMENT.md` of their previews."""
    parts = ["## What would change on Azure"]
    runners = {one["environment"] for one in reached}
    for name in reach.environments():
        if name not in runners:
            parts.append(
                f"**{name}**: not looked at, since no runner reaches it (`{reach.variable(name)}` is not set)."
            )
        elif previews is None:
            parts.append(f"**{name}**: being looked at.")
        elif (file := previews / f"{name}.md").is_file():
            parts.append(_shortened(file.read_text(encoding="utf-8")))
        else:
            parts.append(f"**{name}**: could not be looked at; the job `What would change in {name}` says why.")
    return "\n\n".join(parts) + "\n"


def _shortened(preview: str) -> str:
    """A preview whose end is kept, with the counts: the whole is on the run's page."""
    head, fence, rest = preview.partition("text\n")
    if len(rest) <= SHARE:
        return preview
    kept = rest[-SHARE:]
    return f"{head}{fence}… the whole is on the page of the run …\n{kept[kept.find(chr(10)) + 1 :]}"


def fit(text: str, most: int = MOST) -> str:
    """A comment that GitHub takes: a longer one ends with a line, closes what it opened, and says so."""
    if len(text) <= most:
        return text
    note = "\n\nThe rest did not fit into a comment: the run's artifact `plan` has all of it.\n"
    kept = text[: most - len(note) - 100]
    kept = kept[: kept.rfind("\n") + 1]
    if kept.count("```") % 2:
        kept += "```\n"
    return kept + "</details>\n" * (kept.count("<details>") - kept.count("</details>")) + note


def main(arguments: list[str]) -> int:
    """The file to the pull request and to the run's page."""
    parser = argparse.ArgumentParser(prog="comment", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--previews", type=Path, help="the folder with what would change in each environment")
    parser.add_argument("--kind", default="azlocal-plan", help="comments of another kind are left alone")
    chosen = parser.parse_args(arguments)
    try:
        if not chosen.file.is_file():
            raise StepError(f"there is no {chosen.file}", "`python -m tools.ci.plan` writes it")
        text = chosen.file.read_text(encoding="utf-8")
        if given := os.environ.get("ENVIRONMENTS"):
            changes = on_azure(json.loads(given), chosen.previews)
            text = f"{fit(text, MOST - len(changes) - 100)}\n{changes}"
        summarize(text)
        repository = Repository.of_job("PULL_REQUEST")
        sys.stdout.write(f"{put(repository, os.environ['PULL_REQUEST'], chosen.kind, text)}\n")
    except StepError as error:
        return fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
