"""What changed, and what is to be left alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlocal.engine.diff import changed_paths, keep_ignored, matches, parse_path, pattern_of, spell, touches
from azlocal.engine.values import Secret
from tests.azlocal.engine.conftest import relaxed

names = st.text("abcxyz", min_size=1, max_size=3)
scalars = st.none() | st.booleans() | st.integers(-5, 5) | names
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
inputs = st.dictionaries(names, values, max_size=4)


@relaxed
@given(inputs)
def test_nothing_changed_where_nothing_differs(given_inputs: dict[str, Any]) -> None:
    assert changed_paths(given_inputs, given_inputs) == []
    assert changed_paths({"a": Secret(given_inputs)}, {"a": given_inputs}) == []


@relaxed
@given(inputs, inputs)
def test_a_difference_is_found_from_both_sides(one: dict[str, Any], two: dict[str, Any]) -> None:
    forth, back = changed_paths(one, two), changed_paths(two, one)
    assert set(forth) == set(back)
    assert bool(forth) == (one != two or _types(one) != _types(two))


def _types(value: Any) -> Any:
    """1 and True are equal in Python, but not in a request."""
    if isinstance(value, dict):
        return {key: _types(item) for key, item in value.items()}
    return [_types(item) for item in value] if isinstance(value, list) else isinstance(value, bool)


@relaxed
@given(inputs, inputs)
def test_everything_ignored_is_as_it_was(old: dict[str, Any], new: dict[str, Any]) -> None:
    kept = keep_ignored(new, old, [*new, *old])
    assert kept == old


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"a": 1}, {"a": 2}, ["a"]),
        ({}, {"a": {"b": 1}}, ["a.b"]),
        ({"a": {"b": 1}}, {}, ["a.b"]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["a[1]", "a[2]"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b"]),
        ({"a": {}}, {}, ["a"]),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"location": "West Europe"}, {"location": "westeurope"}, []),
        ({"a": "West Europe"}, {"a": "westeurope"}, ["a"]),
    ],
)
def test_paths(old: dict[str, Any], new: dict[str, Any], paths: list[str]) -> None:
    assert [spell(path) for path in changed_paths(old, new)] == paths


def test_a_change_touches_a_pattern_at_or_below_it() -> None:
    path = ("subnets", 3, "addressPrefix")
    assert pattern_of(path) == "subnets[].addressPrefix"
    assert touches(path, ["subnets"])
    assert touches(path, ["subnets[].addressPrefix"])
    assert not touches(path, ["subnets[].name", "sub"])


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("tags.owner", ("tags", "owner")),
        ('tags["a.b"]', ("tags", "a.b")),
        ("tags['a.b'].c", ("tags", "a.b", "c")),
        ("rules[0].name", ("rules", 0, "name")),
        ("rules[*].name", ("rules", "*", "name")),
    ],
)
def test_reading_paths(text: str, steps: tuple[str | int, ...]) -> None:
    assert parse_path(text) == steps


def test_stars_match_anything() -> None:
    assert matches(("rules", 4, "name"), ("rules", "*", "name"))
    assert matches(("rules", 4, "name"), ("rules",))
    assert not matches(("rules",), ("rules", "*"))


@pytest.mark.parametrize(
    ("ignored", "kept"),
    [
        (["tags.a"], {"tags": {"a": 1, "b": 9}, "rules": [{"n": 9}, {"n": 8}]}),
        (["rules[*].n"], {"tags": {"a": 9, "b": 9}, "rules": [{"n": 1}, {"n": 8}]}),
        (["rules[0]"], {"tags": {"a": 9, "b": 9}, "rules": [{"n": 1}, {"n": 8}]}),
        (["tags"], {"tags": {"a": 1}, "rules": [{"n": 9}, {"n": 8}]}),
        (["nothing.there"], {"tags": {"a": 9, "b": 9}, "rules": [{"n": 9}, {"n": 8}]}),
        (["tags.b"], {"tags": {"a": 9}, "rules": [{"n": 9}, {"n": 8}]}),
    ],
)
def test_keeping_what_is_ignored(ignored: list[str], kept: dict[str, Any]) -> None:
    old = {"tags": {"a": 1}, "rules": [{"n": 1}]}
    new = {"tags": {"a": 9, "b": 9}, "rules": [{"n": 9}, {"n": 8}]}
    assert keep_ignored(new, old, ignored) == kept


def test_keeping_inside_secrets() -> None:
    new = {"tags": Secret({"a": 2, "b": 2})}
    assert keep_ignored(new, {"tags": Secret({"a": 1})}, ["tags.a"]) == {"tags": Secret({"a": 1, "b": 2})}
