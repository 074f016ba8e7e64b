"""The two programs that bring a stack about: Pulumi's own on Azure, azlocal's on one machine."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tools.ci.digests import AGAIN
from tools.ci.job import BIN, ROOT, StepError


class ProgramError(StepError):
    """A program that failed, and what it said."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message, "see above what it said")
        self.said = said


class Engine(Protocol):
    """What a workflow asks of either; each answers what the program printed."""

    def preview(self, stack: str) -> str:
        """What would change."""

    def save(self, stack: str, file: Path) -> str:
        """The same, kept in a file that an update can be held to."""

    def apply(self, stack: str, file: Path) -> str:
        """Update just as planned in a file."""

    def drift(self, stack: str) -> str:
        """Compare program, state and world; fails on any difference."""

    def outputs(self, stack: str, file: Path) -> None:
        """Write the stack's outputs."""


def run(*command: str) -> str:
    """Run a program, its words shown as they come; all it printed.

    Raises:
        ProgramError: it ended with another status than 0.
        StepError: it is not there.
    """
    return _run(command, shown=True)


def answer(*command: str) -> str:
    """Run a program for what it writes to standard output, which is not shown.

    Raises:
        StepError: as ``run``.
    """
    return _run(command, shown=False)


def _run(command: tuple[str, ...], *, shown: bool) -> str:
    lines = []
    errors = subprocess.STDOUT if shown else None
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process:
            for line in process.stdout or ():
                lines.append(line)
                if shown:
                    sys.stdout.write(line)
                    sys.stdout.flush()
    except FileNotFoundError:
        hint = "on a runner the workflow installs it; by hand: see docs/workflows.md"
        raise StepError(f"there is no program {command[0]}", hint) from None
    if process.returncode:
        called = " ".join((Path(command[0]).name, *command[1:]))
        raise ProgramError(f"`{called}` ended with status {process.returncode}", "".join(lines))
    return "".join(lines)


@dataclass(frozen=True)
class Pulumi:
    """The real engine (pulumi.com/docs/iac/cli/commands; update plans: pulumi.com/docs/iac/guides/basics/update-plans).

    Secrets in a saved plan are encrypted with the stack's key. What is planned or applied is judged by the project's
    own rules, which `make policy-pack` readies.
    """

    project: Path = ROOT

    @property
    def _judged(self) -> tuple[str, ...]:
        return ("--policy-pack", str(self.project / "infra" / "policy"))

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return ("pulumi", "--non-interactive", "--cwd", str(self.project), *arguments)

    def preview(self, stack: str) -> str:
        """``pulumi preview``."""
        return run(*self._command("preview", "--stack", stack, "--diff", *self._judged))

    def save(self, stack: str, file: Path) -> str:
        """``pulumi preview --save-plan``, and when the stack's state was written that it begins with."""
        start = self._start(stack)
        with tempfile.TemporaryDirectory() as folder:
            plan = Path(folder) / "plan.json"
            said = run(*self._command("preview", "--stack", stack, "--diff", *self._judged, "--save-plan", str(plan)))
            file.write_text(json.dumps({"start": start, "plan": plan.read_text()}))
        return said

    def apply(self, stack: str, file: Path) -> str:
        """``pulumi up --plan``, from where it was planned: any step that the plan lacks is refused."""
        approved = json.loads(file.read_text())
        if (now := self._start(stack)) != approved["start"]:
            raise StepError(
                f"{stack} was changed since it was planned: its state is of {now}, the plan begins with that of"
                f" {approved['start']}",
                AGAIN,
            )
        with tempfile.TemporaryDirectory() as folder:
            plan = Path(folder) / "plan.json"
            plan.write_text(approved["plan"])
            return run(*self._command("up", "--stack", stack, "--yes", *self._judged, "--plan", str(plan)))

    def _start(self, stack: str) -> str:
        """When the stack's state was written last, which each update does."""
        state = json.loads(answer(*self._command("stack", "export", "--stack", stack)))
        return str((state.get("deployment") or {}).get("manifest", {}).get("time", "never"))

    def drift(self, stack: str) -> str:
        """``pulumi preview --refresh --expect-no-changes``."""
        return run(*self._command("preview", "--stack", stack, "--diff", "--refresh", "--expect-no-changes"))

    def outputs(self, stack: str, file: Path) -> None:
        """``pulumi stack output``, secrets hidden."""
        file.write_text(answer(*self._command("stack", "output", "--stack", stack, "--json")))


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The resources about which two comparisons with the world do not say the same."""
    told = [
        {
            *((one["urn"], json.dumps(one, sort_keys=True)) for one in found.get("changes", ())),
            *((urn, "open") for urn in found.get("open", ())),
        }
        for found in (before, after)
    ]
    return sorted({urn.rpartition("::")[2] for urn, _ in told[0] ^ told[1]})


@dataclass(frozen=True)
class Azlocal:
    """The local engine, on the local Azure that AZLOCAL_STATE names."""

    project: Path = ROOT
    principal: str = "owner"

    def _run(self, *arguments: str) -> str:
        return run(str(BIN / "azlocal"), *arguments, "--project", str(self.project))

    def preview(self, stack: str) -> str:
        """``azlocal plan --against running``."""
        return self._run("plan", stack, "--against", "running", "--as", self.principal)

    def save(self, stack: str, file: Path) -> str:
        """``azlocal plan --against running --json``."""
        return self._run("plan", stack, "--against", "running", "--as", self.principal, "--json", str(file))

    def apply(self, stack: str, file: Path) -> str:
        """``azlocal up --refresh``, if program and world are still what was planned: there are no update plans."""
        approved = json.loads(file.read_text())
        with tempfile.TemporaryDirectory() as folder:
            again = Path(folder) / "plan.json"
            self.save(stack, again)
            now = json.loads(again.read_text())
        worlds = [one.pop("against", {}) for one in (approved, now)]
        if approved != now:
            raise StepError(f"the program no longer makes what {file} says", AGAIN)
        if others := _differing(*worlds):
            raise StepError(f"{stack} was changed since {file} was planned: {', '.join(others)}", AGAIN)
        return self._run("up", stack, "--refresh", "--as", self.principal)

    def drift(self, stack: str) -> str:
        """``azlocal drift``."""
        return self._run("drift", stack, "--as", self.principal)

    def outputs(self, stack: str, file: Path) -> None:
        """What the last ``azlocal up`` left, secrets hidden."""
        from azlocal.engine.run import saved_outputs
        from azlocal.engine.values import conceal
        from azlocal.state import StateFolder

        found = saved_outputs(self.project, stack, StateFolder(None).path)
        if not found:
            raise StepError(f"{stack} has no outputs", f"deploy it first: azlocal up {stack}")
        file.write_text(json.dumps(conceal(found), indent=2) + "\n")
