from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from azlocal.machinelearning.endpoints.traffic import Mirror, Traffic

NAMES = st.sampled_from(["blue", "green", "canary", "shadow"])
WEIGHTS = st.dictionaries(NAMES, st.integers(0, 100), max_size=4)


@given(WEIGHTS, st.integers(1, 400))
def test_every_share_holds_at_every_moment(weights: dict[str, int], requests: int) -> None:
    traffic, seen = Traffic(weights), Counter[str | None]()
    total = sum(weights.values())
    for count in range(1, requests + 1):
        seen[traffic.choose()] += 1
        if total:
            for name, weight in weights.items():
                assert abs(seen[name] - count * weight / total) <= len(weights)
    if not total:
        assert seen == {None: requests}


@given(WEIGHTS)
def test_a_whole_round_is_exact(weights: dict[str, int]) -> None:
    traffic = Traffic(weights)
    seen = Counter(traffic.choose() for _ in range(sum(weights.values())))
    assert seen == {name: weight for name, weight in weights.items() if weight}


@given(st.integers(1, 99))
def test_the_smaller_share_is_spread_out(percent: int) -> None:
    traffic = Traffic({"blue": 100 - percent, "green": percent})
    chosen = [traffic.choose() for _ in range(200)]
    rare = "green" if percent <= 50 else "blue"
    gaps = [index for index, name in enumerate(chosen) if name == rare]
    longest = max(after - before for before, after in pairwise(gaps))
    assert longest <= -(-100 // min(percent, 100 - percent)) + 1


@given(st.integers(0, 50), st.integers(0, 400))
def test_a_mirror_copies_its_share(percent: int, requests: int) -> None:
    mirror = Mirror({"shadow": percent})
    copies = sum(len(mirror.choose()) for _ in range(requests))
    assert copies == requests * percent // 100
