"""An environment as an earlier version of this repository left it: written to a file once, and restored from it.

What is recorded are azlocal's resources and documents and the engine's state of the stack, without secrets and keys. To
record one: bring an environment up with that version on a state folder, stop it, and run ``python -m
tests.e2e.recording FOLDER FILE`` with today's.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from azlocal.engine.stack_state import StackState
from azlocal.engine.values import Secret
from azlocal.engine.vault import Vault
from azlocal.state import State, StateFolder

Json = dict[str, Any]

STACK = ("azure-ml-platform", "local")
TABLES = ("resources", "refs", "documents")
# Keys, tokens and the installation's own certificate; and operations, which have ended.
LEFT_OUT = ("installation", "kubernetesToken", "logAnalyticsKeys", "operation", "storageAccountKeys")
MARK = "recorded:secret"
_INSTRUMENTATION_KEY = re.compile(r'(?i)(InstrumentationKey(?:"\s*:\s*"|=))[0-9a-f-]{36}')
_NO_KEY = r"\g<1>00000000-0000-0000-0000-000000000000"


def record(folder: StateFolder, file: Path) -> None:
    """Write what a stopped azlocal holds to a file."""
    whole = {"azure": _tables(folder), "stack": _stack(folder)}
    text = _INSTRUMENTATION_KEY.sub(_NO_KEY, json.dumps(whole, indent=1))
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def restore(file: Path, folder: StateFolder) -> None:
    """Put what was recorded into an empty state folder."""
    whole = json.loads(gzip.decompress(file.read_bytes()))
    folder.path.mkdir(parents=True)
    State(folder.database).close()  # with today's tables
    with closing(sqlite3.connect(folder.database)) as database, database:
        for table, rows in whole["azure"].items():
            places = ", ".join("?" * len(rows[0]))
            database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608  # names of our own
    project, stack = STACK
    target = folder.path / "stacks" / project / f"{stack}.json"
    target.parent.mkdir(parents=True)
    vault = Vault(folder.path / "secrets" / "stacks.key")
    target.write_text(json.dumps(vault.seal(_with_secrets(whole["stack"]))))


def _tables(folder: StateFolder) -> dict[str, list[list[Any]]]:
    with closing(sqlite3.connect(folder.database)) as database:
        found = {table: [list(row) for row in database.execute(f"SELECT * FROM {table}")] for table in TABLES}  # noqa: S608
    found["documents"] = [row for row in found["documents"] if row[0] not in LEFT_OUT]
    return found


def _stack(folder: StateFolder) -> Json:
    project, stack = STACK
    saved = json.loads((folder.path / "stacks" / project / f"{stack}.json").read_text())
    opened = Vault(folder.path / "secrets" / "stacks.key").open(saved)
    return dict(_without_secrets(opened))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Secret):
        return {MARK: "left out"}
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _with_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {MARK}:
            return Secret(value[MARK])
        return {key: _with_secrets(item) for key, item in value.items()}
    return [_with_secrets(item) for item in value] if isinstance(value, list) else value


def records(folder: StateFolder) -> StackState:
    """The stack's state, for reading."""
    state = StackState.load(folder.path, *STACK)
    state.close()
    return state


if __name__ == "__main__":
    record(StateFolder(Path(sys.argv[1])), Path(sys.argv[2]))
