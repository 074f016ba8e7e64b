"""checkov finds nothing in prod but what it is wrong about; each of those is one of its findings still."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest

from infra.policy.checkov_table import WRONG
from tools import second_opinion

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(400), pytest.mark.xdist_group("checkov")]


@cache
def template() -> dict[str, Any]:
    return second_opinion.template_of("prod")


def test_checkov_finds_in_prod_just_what_it_is_wrong_about() -> None:
    assert second_opinion.scan(template()).keys() == WRONG.keys()


def test_it_would_find_an_open_door() -> None:
    broken = copy.deepcopy(template())
    for one in broken["resources"]:
        if one["type"] == "Microsoft.Storage/storageAccounts":
            one["properties"] |= {"publicNetworkAccess": "Enabled", "allowBlobPublicAccess": True}
            one["properties"]["networkAcls"]["defaultAction"] = "Allow"
    found = second_opinion.scan(broken)
    assert found.keys() - WRONG.keys() >= {"CKV_AZURE_35", "CKV_AZURE_59"}
    assert len(found["CKV_AZURE_59"]) == 2


def test_a_template_that_is_none_is_said() -> None:
    with pytest.raises(second_opinion.ScanError, match="checkov"):
        second_opinion.scan({"resources": []})
