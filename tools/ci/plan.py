"""Plan every environment, before and after a change, into one folder: comment, plans, pictures.

``plan.md`` is there in any case: where a program cannot be planned it says why.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tools.ci.job import BIN, ROOT, StepError, fail

OUT = ROOT / "build" / "plan"


def plan(project: Path, base: Path | None, out: Path) -> int:
    """Write ``plan.json``, ``plan.md``, an SVG for each environment, and ``base.json``; the status of the plan.

    Args:
        project: the folder of Pulumi.yaml.
        base: the same before the change.
        out: where the files go.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("*.json"), *out.glob("*.md"), *out.glob("*.svg")):
        old.unlink()
    against: list[str] = []
    note = ""
    if base:
        done = run("plan", "--all", "--project", str(base), "--json", str(out / "base.json"))
        if (out / "base.json").exists():
            against = ["--base", str(out / "base.json")]
        else:
            note = f"\nThe base could not be planned, so there is no difference to tell:\n\n{fenced(done.stderr)}"
    files = ("--json", str(out / "plan.json"), "--markdown", str(out / "plan.md"))
    # With a second run of each environment on unknown outputs, as the first `pulumi preview` of one goes.
    done = run("plan", "--all", "--preview", "--project", str(project), *files, *against)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    comment = out / "plan.md"
    if not comment.exists():
        comment.write_text(f"## No plan\n\nThe program could not be planned:\n\n{fenced(done.stderr)}")
    comment.write_text(comment.read_text() + note)
    if (out / "plan.json").exists():
        draw(out / "plan.json")
    return done.returncode


def draw(plans: Path) -> None:
    """A picture of each environment beside the plans."""
    from azlocal.engine.views.graph import draw as svg

    for one in json.loads(plans.read_text()):
        (plans.parent / f"{one['stack']}.svg").write_text(svg(one))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``azlocal``."""
    command = (str(BIN / "azlocal"), *arguments)
    return subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def fenced(words: str) -> str:
    """What a program said, in a block that nothing in it ends."""
    fence = "```"
    while fence in words:
        fence += "`"
    return f"{fence}text\n{words.strip()}\n{fence}\n"


def main(arguments: list[str]) -> int:
    """Plan; fail where Azure would refuse something."""
    parser = argparse.ArgumentParser(prog="plan", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--project", type=Path, default=ROOT, help="the folder of Pulumi.yaml")
    parser.add_argument("--base", type=Path, help="the same folder before the change: costs and changes are told")
    parser.add_argument("--out", type=Path, default=OUT, help="where the files go (default: build/plan)")
    chosen = parser.parse_args(arguments)
    try:
        for folder in (chosen.project, chosen.base):
            if folder and not (folder / "Pulumi.yaml").is_file():
                raise StepError(f"{folder} has no Pulumi.yaml", "name the folder of a Pulumi project")
        return plan(chosen.project, chosen.base, chosen.out)
    except StepError as error:
        return fail(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
