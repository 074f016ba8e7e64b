"""What is wrong with a workflow: ``make lint-workflows``.

actionlint, built once from its Go module, reads the syntax, the expressions and their types; zizmor what is unsafe.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tools import golang

SOURCE = Path(__file__).parent
BINARIES = golang.CACHE / "actionlint"
PACKAGE = "github.com/rhysd/actionlint/cmd/actionlint"
# Programs that it would run if they happened to be there: a finding must not depend on the machine.
ACTIONLINT = ("-shellcheck=", "-pyflakes=", "-no-color")
ZIZMOR = (
    str(Path(sys.executable).parent / "zizmor"), "--offline", "--pedantic", "--no-progress", "--quiet", "--color=never"
)  # fmt: skip


def actionlint() -> Path:
    """The program, built if need be.

    Raises:
        ToolError: Go is missing, or the build failed.
    """
    built = golang.place(SOURCE, BINARIES)
    if built.exists():
        return built
    install = "install Go 1.25 or newer (Debian and Ubuntu: golang; Homebrew: go)"
    if not shutil.which("go"):
        raise golang.ToolError("actionlint is built from its Go module, and there is no go", install)
    sys.stderr.write("workflows: building actionlint, once ...\n")
    try:
        golang.build(SOURCE, built, PACKAGE)
    except golang.BuildError as error:
        raise golang.ToolError(f"actionlint could not be built:\n{error}", install) from None
    return built


def findings(folder: Path) -> str:
    """What both say of the workflows of a repository; nothing where nothing is wrong.

    Raises:
        ToolError: actionlint cannot be had.
    """
    commands = ((str(actionlint()), *ACTIONLINT), (*ZIZMOR, ".github"))
    ran = [subprocess.run(one, cwd=folder, check=False, capture_output=True, text=True) for one in commands]
    return "".join(one.stdout + one.stderr for one in ran if one.returncode)


def main() -> int:
    """Show the findings; 1 where there are any."""
    try:
        found = findings(golang.ROOT)
    except golang.ToolError as error:
        sys.stderr.write(f"error: {error}\nhint: {error.hint}\n")
        return 1
    sys.stdout.write(found or "actionlint and zizmor found nothing\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
