"""What changed between two sets of inputs, which changes Azure can't make in place, and what is to be ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from azlocal.engine.values import Secret, reveal

Path = tuple[str | int, ...]

_MISSING = object()
_STEP = re.compile(r"""\[(\d+|\*)\]|\["([^"]*)"\]|\['([^']*)'\]|([^.\[\]]+)""")


def changed_paths(old: Any, new: Any, at: Path = ()) -> list[Path]:
    """The paths of every value that differs, down to what is neither an object nor a list."""
    return list(_changes(reveal(old), reveal(new), at))


def _changes(old: Any, new: Any, at: Path) -> Iterator[Path]:
    if old is new:
        return
    if isinstance(old, dict) or isinstance(new, dict):
        before, after = _as_object(old), _as_object(new)
        if before is not None and after is not None and (before or after):
            for key in {**before, **after}:
                yield from _changes(before.get(key, _MISSING), after.get(key, _MISSING), (*at, key))
            return
    if isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _changes(_at(old, index), _at(new, index), (*at, index))
        return
    if not _same(old, new, at):
        yield at


def _as_object(value: Any) -> dict[str, Any] | None:
    """An object, or an empty one where there is none on this side; None for anything else."""
    if isinstance(value, dict):
        return value
    return {} if value is _MISSING else None


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _MISSING


def _same(old: Any, new: Any, at: Path) -> bool:
    if at == ("location",) and isinstance(old, str) and isinstance(new, str):
        return normal_location(old) == normal_location(new)
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    return bool(old == new)


def normal_location(location: str) -> str:
    """``West Europe`` and ``westeurope`` are the same place."""
    return location.replace(" ", "").lower()


def spell(path: Path) -> str:
    """A path as people write it: ``subnets[0].addressPrefix``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def pattern_of(path: Path) -> str:
    """A path with its list positions left open: ``subnets[].addressPrefix``."""
    return re.sub(r"\[\d+\]", "[]", spell(path))


def touches(path: Path, patterns: Sequence[str]) -> bool:
    """Whether a change lies at or below one of the patterns (``a.b``, ``a[].b``)."""
    changed = pattern_of(path)
    return any(changed == pattern or changed.startswith((f"{pattern}.", f"{pattern}[")) for pattern in patterns)


def parse_path(text: str) -> tuple[str | int, ...]:
    """A path of ``ignoreChanges`` or ``replaceOnChanges``: ``tags.owner``, ``rules[0]``, ``rules[*].name``."""
    steps: list[str | int] = []
    for position, double, single, name in _STEP.findall(text):
        if position:
            steps.append("*" if position == "*" else int(position))
        else:
            steps.append(double or single or name)
    return tuple(steps)


def matches(path: Path, wanted: Sequence[str | int]) -> bool:
    """Whether a change lies at or below a path that may hold ``*``."""
    return len(path) >= len(wanted) and all(want in ("*", step) for want, step in zip(wanted, path, strict=False))


def keep_ignored(new: dict[str, Any], old: dict[str, Any], ignored: Sequence[str]) -> dict[str, Any]:
    """New inputs with the old values at every path that is to be ignored."""
    kept: Any = new
    for text in ignored:
        kept = _keep(kept, old, parse_path(text))
    return dict(kept)


def _keep(new: Any, old: Any, steps: tuple[str | int, ...]) -> Any:
    """``new`` with what ``old`` has at the path; what old lacks is taken out."""
    if not steps:
        return old
    step, rest = steps[0], steps[1:]
    if isinstance(new, Secret):
        return Secret(_keep(new.value, reveal(old), steps))
    before = old.value if isinstance(old, Secret) else old
    if isinstance(new, dict):
        wanted = list({**new, **before} if isinstance(before, dict) else new) if step == "*" else [str(step)]
        return _keep_keys(new, before if isinstance(before, dict) else {}, wanted, rest)
    if isinstance(new, list) and isinstance(before, list):
        wanted_at = range(len(new)) if step == "*" else [step]
        return [
            _keep(item, before[at], rest) if at in wanted_at and at < len(before) else item
            for at, item in enumerate(new)
        ]
    return new


def _keep_keys(new: dict[str, Any], old: dict[str, Any], keys: list[str], rest: Path) -> dict[str, Any]:
    kept = dict(new)
    for key in keys:
        if key in old and (key in new or not rest):
            kept[key] = _keep(new.get(key), old[key], rest)
        elif not rest:
            kept.pop(key, None)
    return kept
