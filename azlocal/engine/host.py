"""What a program and its dynamic providers find around them: working directory, path, arguments, variables."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path


@contextlib.contextmanager
def in_folder_of(main: Path) -> Iterator[None]:
    """Be in the program's folder, with it first on the path, as Pulumi's Python host is; put back afterwards."""
    before, path, argv = Path.cwd(), list(sys.path), list(sys.argv)
    os.chdir(main.parent)
    sys.path.insert(0, str(main.parent))
    sys.argv = [str(main)]
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        sys.argv = argv


@contextlib.contextmanager
def with_variables(given: Mapping[str, str]) -> Iterator[None]:
    """Have these variables and no other sign-in of Azure's, as under ``azlocal exec``; put back afterwards."""
    if not given:
        yield
        return
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("AZURE_")]:
        del os.environ[name]
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
