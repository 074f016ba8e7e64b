"""The two programs that bring a stack about: Pulumi's own on Azure, azlocal's on one machine."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.ci.job import BIN, ROOT, StepError


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
        StepError: it ended with another status than 0, which is passed on.
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
        raise StepError(f"`{called}` ended with status {process.returncode}", "see above what it said")
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
        """``pulumi preview --save-plan``."""
        return run(*self._command("preview", "--stack", stack, "--diff", *self._judged, "--save-plan", str(file)))

    def apply(self, stack: str, file: Path) -> str:
        """``pulumi up --plan``: any step that the plan lacks is refused."""
        return run(*self._command("up", "--stack", stack, "--yes", *self._judged, "--plan", str(file)))

    def drift(self, stack: str) -> str:
        """``pulumi preview --refresh --expect-no-changes``."""
        return run(*self._command("preview", "--stack", stack, "--diff", "--refresh", "--expect-no-changes"))

    def outputs(self, stack: str, file: Path) -> None:
        """``pulumi stack output``, secrets hidden."""
        file.write_text(answer(*self._command("stack", "output", "--stack", stack, "--json")))


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
        """``azlocal plan --json``."""
        return self._run("plan", stack, "--json", str(file))

    def apply(self, stack: str, file: Path) -> str:
        """``azlocal up``, if the program still makes what was planned: this engine has no update plans."""
        with tempfile.TemporaryDirectory() as folder:
            now = Path(folder) / "plan.json"
            self._run("plan", stack, "--json", str(now))
            if json.loads(now.read_text()) != json.loads(file.read_text()):
                raise StepError(f"the program no longer makes what {file} says", "plan again, and have that approved")
        return self._run("up", stack, "--as", self.principal)

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
