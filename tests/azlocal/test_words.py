"""Words in messages, and messages that are made of them."""

from __future__ import annotations

import pytest

from azlocal.words import counted, singular, with_article


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("environments", "an environment"),
        ("data", "a data"),
        ("codes", "a code"),
        ("subnets", "a subnet"),
        ("publicIPAddresses", "a publicIPAddress"),
        ("accessPolicies", "an accessPolicy"),
        ("userAssignedIdentities", "a userAssignedIdentity"),
        ("virtualNetworks", "a virtualNetwork"),
        ("hours", "an hour"),
    ],
)
def test_one_of_many(many: str, one: str) -> None:
    assert with_article(singular(many)) == one


def test_numbers() -> None:
    assert [counted(number, "problem") for number in (0, 1, 2)] == ["0 problems", "1 problem", "2 problems"]
