"""Reading YAML as YAML says: a key stands once in its mapping (YAML 1.2.2, 3.2.1.1), which PyYAML lets pass.

And as settings can be: what holds itself has no text, which is what a program receives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DuplicateKeysError(Exception):
    """Keys that stand more than once in their mapping; the text names each with its lines."""


class CycleError(Exception):
    """Something holds itself, by an alias; the text names its line."""

    def __init__(self, line: int) -> None:
        super().__init__(f"what begins in line {line} holds itself")
        self.line = line


def read_yaml(text: str) -> Any:
    """The value that a YAML document holds; None where it is empty.

    Raises:
        DuplicateKeysError: naming every key that stands more than once, with its lines.
        CycleError: naming the line of what holds itself.
        yaml.YAMLError: it is not valid YAML.
    """
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if found := list(_duplicates(node, "", set())):
            raise DuplicateKeysError("; ".join(found))
        _refuse_cycle(node, set(), set())
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def line_of(text: str, key: str = "") -> int:
    """The line of a key of the document's own mapping; where there is none, the line that the document begins in."""
    node: Any = yaml.compose(text, Loader=Loader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    found = next((name for name, _ in pairs if name.value == key), node)
    return int(found.start_mark.line) + 1


def _refuse_cycle(node: Any, above: set[int], seen: set[int]) -> None:
    if id(node) in above:
        raise CycleError(node.start_mark.line + 1)
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    for item in node.value:
        for inner in item if isinstance(item, tuple) else (item,):
            _refuse_cycle(inner, above | {id(node)}, seen)


def _duplicates(node: Any, at: str, seen: set[int]) -> Iterator[str]:
    """Of a node and all below it; what aliases repeat is looked at once, so that a cycle ends."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicates(item, f"{at}[{index}]", seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[tuple[str, str], list[int]] = {}
    for key, value in node.value:
        name = f"{at}.{key.value}" if at else str(key.value)
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            lines.setdefault((key.tag, name), []).append(key.start_mark.line + 1)
        yield from _duplicates(value, name, seen)
    for (_, name), found in lines.items():
        if len(found) > 1:
            yield f"the key '{name}' stands in lines {' and '.join(map(str, found))}"
