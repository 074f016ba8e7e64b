"""The planner of subnets, against all tables of rows and all address spaces."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.network.subnet_plan import compute
from infra.network.tables import SUBNETS


@dataclass(frozen=True)
class Row:
    name: str
    prefix: int


tables = st.lists(st.integers(22, 29), min_size=1, max_size=12).map(
    lambda sizes: tuple(Row(f"row{index}", prefix) for index, prefix in enumerate(sizes))
)
spaces = st.builds(
    lambda address, prefix: IPv4Network((address, prefix), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(16, 26),
)


@settings(max_examples=40)
@given(space=spaces, rows=tables, kept=st.integers(0, 12), index=st.integers(0, 500))
def test_ranges_are_aligned_inside_and_apart(space: IPv4Network, rows: tuple[Row, ...], kept: int, index: int) -> None:
    blocks = list(space.subnets(new_prefix=max(space.prefixlen, 27)))
    fixed = {rows[kept].name: blocks[index % len(blocks)]} if kept < len(rows) else {}
    plan = compute(space, rows, fixed)
    assert plan.ranges.keys() | set(plan.homeless) == {row.name for row in rows}
    assert not plan.ranges.keys() & set(plan.homeless)
    assert fixed.items() <= plan.ranges.items()
    for row in rows:
        if row.name in plan.ranges and row.name not in fixed:
            assert plan.ranges[row.name].prefixlen == row.prefix  # IPv4Network itself refuses what isn't aligned
            assert plan.ranges[row.name].subnet_of(space)
    assert not any(one.overlaps(other) for one, other in combinations(plan.ranges.values(), 2))


@settings(max_examples=40)
@given(space=spaces, rows=tables, more=tables)
def test_a_row_at_the_end_moves_nobody(space: IPv4Network, rows: tuple[Row, ...], more: tuple[Row, ...]) -> None:
    before = compute(space, rows, {})
    appended = (*rows, *(Row(f"more{row.name}", row.prefix) for row in more))
    after = compute(space, appended, {})
    assert before.ranges.items() <= after.ranges.items()
    assert after == compute(space, appended, {})


@settings(max_examples=40)
@given(space=spaces, rows=tables, index=st.integers(0, 11))
def test_giving_a_row_the_range_it_has_changes_nothing(space: IPv4Network, rows: tuple[Row, ...], index: int) -> None:
    before = compute(space, rows, {})
    name = rows[index % len(rows)].name
    if name in before.ranges:
        assert compute(space, rows, {name: before.ranges[name]}).ranges == before.ranges


@settings(max_examples=40)
@given(rows=tables)
def test_room_is_found_while_there_is_some(rows: tuple[Row, ...]) -> None:
    """Sorted by size, ranges leave no gap at all, so that nothing is homeless before the space is full."""
    ordered = sorted(rows, key=lambda row: row.prefix)
    space = IPv4Network("10.0.0.0/20")
    full = sum(2 ** (32 - row.prefix) for row in ordered) > space.num_addresses
    assert bool(compute(space, ordered, {}).homeless) == full


def test_the_table_has_room_for_what_each_subnet_is_for() -> None:
    assert all(row.prefix <= row.smallest <= 29 for row in SUBNETS)
    assert compute(IPv4Network("10.0.0.0/20"), SUBNETS, {}).homeless == ()
