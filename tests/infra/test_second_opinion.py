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
    found = second_opinion.scan(template())
    assert found.keys() == WRONG.keys()
    assert second_opinion.unexplained(found) == {}
    assert {len(resources) for resources in found.values()} == {1}, "one resource each"


def test_a_check_that_is_wrong_about_one_resource_may_be_right_about_another() -> None:
    broken = copy.deepcopy(template())
    registry = next(one for one in broken["resources"] if one["type"] == "Microsoft.ContainerRegistry/registries")
    broken["resources"].append({**registry, "name": "images"})
    (found,) = second_opinion.unexplained(second_opinion.scan(broken)).items()
    assert found[0] == "CKV_AZURE_166"
    assert [one.partition(" ")[0] for one in found[1]] == ["Microsoft.ContainerRegistry/registries.images"]


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
