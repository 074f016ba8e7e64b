"""Reading YAML as YAML says: a key stands once in its mapping (YAML 1.2.2, 3.2.1.1), which PyYAML lets pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DuplicateKeysError(Exception):
    """Keys that stand more than once in their mapping; the text names each with its lines."""


def read_yaml(text: str) -> Any:
    """The value that a YAML document holds; None where it is empty.

    Raises:
        DuplicateKeysError: naming every key that stands more than once, with its lines.
        yaml.YAMLError: it is not valid YAML.
    """
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if found := list(_duplicates(node, "", set())):
            raise DuplicateKeysError("; ".join(found))
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


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
