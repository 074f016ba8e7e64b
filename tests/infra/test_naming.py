from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.naming import RULES, SUFFIX_LENGTH, Names, NamingError, stable_suffix
from infra.network.private_endpoints import TARGETS

short = st.from_regex(r"[a-z][a-z0-9]{1,6}", fullmatch=True)
PURPOSES = {
    "managed_identity": ["workspace", "training"],
    "private_endpoint": [f"{target}-{group.lower()}" for target, row in TARGETS.items() for group in row.groups],
    "subnet": ["training"],
    "network_security_group": ["endpoints"],
    "resource_group": ["synapse", "nodes"],
}


@given(platform=short, environment=short, parts=st.lists(st.text(), max_size=4))
def test_settings_that_are_allowed_give_names_that_are(platform: str, environment: str, parts: list[str]) -> None:
    names = Names(platform, environment, stable_suffix(*parts))
    for kind, rule in RULES.items():
        for purpose in ["", *PURPOSES.get(kind, [])]:
            name = names.of(kind, purpose)
            assert re.fullmatch(rule.pattern, name)
            assert name.startswith(rule.prefix)
            assert name.endswith(names.suffix) == rule.unique or not rule.unique


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_suffixes_depend_on_the_parts_alone(parts: list[str], others: list[str]) -> None:
    suffix = stable_suffix(*parts)
    assert re.fullmatch(rf"[a-z0-9]{{{SUFFIX_LENGTH}}}", suffix)
    assert suffix == stable_suffix(*parts)
    assert (suffix == stable_suffix(*others)) == ("\x1f".join(parts) == "\x1f".join(others))


def test_the_suffix_never_changes() -> None:
    """A changed algorithm would replace every vault and account of every environment."""
    assert stable_suffix("22222222-0000-4000-8000-000000000001", "mlp", "dev", "1") == "rgmg4"


def test_a_name_too_long_says_what_to_shorten() -> None:
    names = Names("averylongplatform", "development", "abcde")
    with pytest.raises(NamingError, match=r"key vault name: 'kv-.*choose a shorter or simpler platform\.name"):
        names.of("key_vault")


@pytest.mark.parametrize("kind", RULES)
def test_the_words_of_a_rule_say_how_long_a_name_may_be(kind: str) -> None:
    least, most = map(int, re.findall(r"\d+", RULES[kind].words)[:2])
    lengths = [length for length in range(1, most + 2) if re.fullmatch(RULES[kind].pattern, "a" * length)]
    assert (lengths[0], lengths[-1]) == (least, most)
