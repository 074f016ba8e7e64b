"""One step of a stack's deployment: preview, save, apply, drift, outputs.

``save`` keeps a plan and answers its digest; ``apply`` takes a plan of just that digest. Between the two an approver
reads what ``save`` has put on the run's page.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tools.ci.digests import digest, require
from tools.ci.engines import Azlocal, Engine, ProgramError, Pulumi
from tools.ci.job import ROOT, StepError, fail, output, summarize

STACK = re.compile(r"[A-Za-z0-9_.-]{1,100}")
MOST = 900_000  # bytes of a step's summary; GitHub takes 1 MiB


def preview(engine: Engine, stack: str, file: Path | None = None) -> None:
    """Show what would change; a file gets it too, for the comment."""
    told = _tell(f"What would change in {stack}", engine.preview(stack))
    if file:
        _write(file, told)


def save(engine: Engine, stack: str, file: Path) -> None:
    """Keep what would change in a file, and answer its digest."""
    file.parent.mkdir(parents=True, exist_ok=True)
    said = engine.save(stack, file)
    found = digest(file)
    _tell(f"Plan of {stack}, sha256 {found}", said)
    output("digest", found)


def apply(engine: Engine, stack: str, file: Path, wanted: str) -> None:
    """Update just as planned.

    Raises:
        StepError: the file is not the one that was approved.
    """
    found = digest(file)
    require(found, wanted, file, "the plan that was approved")
    _tell(f"Deployment of {stack}, plan {found}", engine.apply(stack, file))


def drift(engine: Engine, stack: str, file: Path | None = None) -> None:
    """Compare program and world; fails on any difference, of which a file tells: it is empty if there is none."""
    told = ""
    try:
        _tell(f"{stack} is what its program says", engine.drift(stack))
    except ProgramError as error:
        told = _tell(f"{stack} is not what its program says", error.said)
        raise
    finally:
        if file:
            _write(file, told)


def outputs(engine: Engine, stack: str, file: Path) -> None:
    """Write the stack's outputs, for STACK_OUTPUTS."""
    file.parent.mkdir(parents=True, exist_ok=True)
    engine.outputs(stack, file)


def _tell(title: str, said: str) -> str:
    words = said.encode()[-MOST:].decode(errors="ignore")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", words)), default=0))
    told = f"<details><summary>{title}</summary>\n\n{fence}text\n{words.rstrip()}\n{fence}\n\n</details>\n"
    summarize(told)
    return told


def _write(file: Path, told: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(told, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="stack", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("step", choices=("preview", "save", "apply", "drift", "outputs"))
    parser.add_argument("stack")
    parser.add_argument(
        "--file", type=Path, help="the plan (save, apply), the outputs, or what is told (preview, drift)"
    )
    parser.add_argument("--digest", default="", help="what `save` answered (apply)")
    parser.add_argument("--engine", choices=("pulumi", "azlocal"), default="pulumi")
    parser.add_argument("--as", dest="principal", default="owner", help="azlocal: whom to be")
    parser.add_argument("--project", type=Path, default=ROOT, help="the folder of Pulumi.yaml")
    chosen = parser.parse_args(arguments)
    if chosen.file is None and chosen.step in {"save", "apply", "outputs"}:
        parser.error(f"{chosen.step} needs --file")
    file: Path | None = chosen.file and chosen.file.absolute()
    project: Path = chosen.project.absolute()
    engine: Engine = Pulumi(project) if chosen.engine == "pulumi" else Azlocal(project, chosen.principal)
    try:
        if not STACK.fullmatch(chosen.stack):
            raise StepError(f"{chosen.stack!r} is no name of a stack", "name an environment, as dev")
        match chosen.step:
            case "preview":
                preview(engine, chosen.stack, file)
            case "save":
                save(engine, chosen.stack, chosen.file.absolute())
            case "apply":
                apply(engine, chosen.stack, chosen.file.absolute(), chosen.digest)
            case "drift":
                drift(engine, chosen.stack, file)
            case _:
                outputs(engine, chosen.stack, chosen.file.absolute())
    except StepError as error:
        return fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
