"""``${{…}}`` in a command line: inputs, outputs and search space, and ``$[[…]]`` around what is optional."""

from __future__ import annotations

import re
from collections.abc import Mapping

from azlocal.arm.errors import bad_request

_REFERENCE = re.compile(r"\$\{\{\s*(?P<group>inputs|outputs|search_space)\.(?P<name>[\w.]+?)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_NAMES = {"inputs": "input", "outputs": "output", "search_space": "search space entry"}


def references(line: str) -> set[tuple[str, str]]:
    """What a command line cannot do without: (group, name)."""
    return {(match["group"], match["name"]) for match in _REFERENCE.finditer(_OPTIONAL.sub("", line))}


def check(line: str, inputs: Mapping[str, object], outputs: Mapping[str, object]) -> None:
    """Refuse a command that uses what it is not given.

    Raises:
        ArmError: 400 UserError that names what is missing.
    """
    given = {"inputs": inputs, "outputs": outputs, "search_space": {}}
    for group, name in sorted(references(line)):
        if name not in given[group]:
            has = ", ".join(sorted(given[group])) or "none"
            raise bad_request(
                f"The command uses ${{{{{group}.{name}}}}}, but the job has no {_NAMES[group]} '{name}'"
                f" (it has: {has}). Give the {_NAMES[group]}, or take it out of the command.",
                "UserError",
                f"properties.{group}.{name}",
            )


def expand(line: str, values: Mapping[str, Mapping[str, str]]) -> str:
    """The command line with everything filled in; an optional part whose input is missing disappears."""

    def optional(match: re.Match[str]) -> str:
        inner = match[1]
        known = all(one["name"] in values.get(one["group"], {}) for one in _REFERENCE.finditer(inner))
        return inner if known else ""

    def value(match: re.Match[str]) -> str:
        return values[match["group"]][match["name"]]

    return _REFERENCE.sub(value, _OPTIONAL.sub(optional, line))
