"""Where a setting stands: the line of its key in the environment's file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "environments"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INDEX = re.compile(r"\[(\d+)\]\.?")


class Lines:
    """The lines of one environment's file; of a file that cannot be read there are none."""

    def __init__(self, stack: str, project: str) -> None:
        self._project = project
        self.file = f"{FOLDER.name}/Pulumi.{stack}.yaml"
        try:
            root = yaml.compose((FOLDER / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"), Loader=_LOADER)
        except (OSError, yaml.YAMLError):
            root = None
        found: tuple[Any, int] = _step(root, "config") or (None, 0)
        self._config, self._line = found

    def where(self, key: str) -> str:
        """``file:line`` of a dotted key, or of the block that lacks it; the file alone where neither is in it."""
        line = _find(self._config, key, 0, self._project) or self._line
        return f"{self.file}:{line}" if line else self.file


def _find(node: Any, rest: str, line: int, prefix: str = "") -> int:
    """The line of the last part of a path that is there."""
    if isinstance(node, yaml.SequenceNode) and (index := _INDEX.match(rest)) and int(index[1]) < len(node.value):
        item = node.value[int(index[1])]
        return _find(item, rest[index.end() :], item.start_mark.line + 1)
    if not rest or not isinstance(node, yaml.MappingNode):
        return line
    # A key may hold dots itself, as a tag's does: the longest one that fits is meant.
    names = {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    for name in sorted(names, key=len, reverse=True):
        short = name.removeprefix(f"{prefix}:")
        if rest == short or rest.startswith((f"{short}.", f"{short}[")):
            key, value = names[name]
            return _find(value, rest[len(short) :].removeprefix("."), key.start_mark.line + 1)
    return line


def _step(node: Any, name: str) -> tuple[Any, int] | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next(((value, key.start_mark.line + 1) for key, value in pairs if key.value == name), None)
