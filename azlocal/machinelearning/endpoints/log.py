"""A deployment's logs: one file a container, appended by its processes, read from the end."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from azlocal.state import State

INFERENCE_SERVER, STORAGE_INITIALIZER = "InferenceServer", "StorageInitializer"
CONTAINERS = (INFERENCE_SERVER, STORAGE_INITIALIZER)
_KIND = "onlineDeploymentLogs"  # document kind: the folder of a deployment's logs, noted by the running server
_LIMIT = 32 * 1024 * 1024  # bytes; at a start of a process an older log of this size makes room
_BLOCK = 64 * 1024


def file_of(folder: Path, container: str) -> Path:
    """Where the log of a container is."""
    return folder / f"{container}.log"


def make_room(path: Path) -> None:
    """Keep one older file beside a log that has grown large."""
    if path.exists() and path.stat().st_size > _LIMIT:
        path.replace(path.with_suffix(".1.log"))


def write(path: Path, message: str) -> None:
    """Add one line, if there is room for it: what is told goes on either way."""
    with suppress(OSError), path.open("a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} azlocal {message}\n")


def tail(path: Path, lines: int) -> str:
    """The last lines of a log; empty where there is none."""
    if not path.exists() or lines < 1:
        return ""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        data = b""
        while end and data.count(b"\n") <= lines:
            step = min(_BLOCK, end)
            end -= step
            file.seek(end)
            data = file.read(step) + data
    return b"".join(data.splitlines(keepends=True)[-lines:]).decode("utf-8", "replace")


def note(state: State, deployment: str, folder: Path) -> None:
    """Remember where the logs of a deployment are, for the control plane, which knows no folders."""
    state.put_document(_KIND, deployment, str(folder))


def forget(state: State, deployment: str) -> None:
    """The deployment is gone."""
    state.delete_document(_KIND, deployment)


def of(state: State, deployment: str, container: str, lines: int) -> str:
    """The last lines of a container's log; empty where nothing ever ran."""
    folder = state.document(_KIND, deployment)
    return tail(file_of(Path(folder), container), lines) if folder else ""
