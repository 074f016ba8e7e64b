"""The tables agree with the azure-native SDK that is installed."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
from pulumi import _types

from azlocal.engine.errors import RefusedError
from azlocal.engine.tables import AzureType, all_types, find_type
from azlocal.engine.tables.base import arm_type_of
from azlocal.engine.tables.functions import FUNCTIONS, AzureFunction
from azlocal.engine.versions import _snake, api_version

# Inputs that a table names though they are no inputs: what answers alone carry is renamed too.
ROWS = sorted(all_types().values(), key=lambda row: row.token)


def _inputs(token: str) -> set[str]:
    """The SDK's names of a type's inputs."""
    module, _, name = token.partition(":")
    made = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    source = importlib.import_module(made.__module__)
    arguments: Any = getattr(source, f"{name}InitArgs", None) or getattr(source, f"{name}Args")
    return set(_types.input_type_py_to_pulumi_names(arguments).values())


@pytest.mark.parametrize("row", ROWS, ids=[row.token for row in ROWS])
def test_a_row_names_what_the_sdk_has(row: AzureType) -> None:
    inputs = _inputs(row.token)
    known = set(row.path_inputs) | set(row.queries)
    if row.singleton:
        known.discard(row.name_input)
    assert known <= inputs
    assert {path.split(".")[0].split("[")[0] for path in row.create_only} <= inputs
    assert set(row.maintain) <= inputs
    assert row.tracked == ("location" in inputs) or row.token.startswith("privatedns:") or _untracked(row)


def _untracked(row: AzureType) -> bool:
    """Types whose location is 'Global' or means something else, so that the group's would be wrong."""
    return row.token in {"monitor:ActivityLogAlert", "authorization:PolicyAssignment"}


@pytest.mark.parametrize("row", ROWS, ids=[row.token for row in ROWS])
def test_a_row_has_an_api_version(row: AzureType) -> None:
    assert api_version(f"azure-native:{row.token}").startswith("20")


@pytest.mark.parametrize("row", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_a_function_is_one_of_the_sdk(row: AzureFunction) -> None:
    module, _, name = row.token.partition(":")
    function = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), _snake(name))
    given = set(inspect.signature(function).parameters)
    assert {_snake(one) for one in _placeholders(row.path)} <= given
    assert api_version(f"azure-native:{row.token}").startswith("20")


def _placeholders(path: str) -> set[str]:
    return {part.strip("{}") for part in path.split("/") if part.startswith("{")} - {"subscriptionId"}


def test_an_explicit_version_stands_in_the_token() -> None:
    assert api_version("azure-native:network/v20240501:Subnet") == "2024-05-01"
    assert api_version("azure-native:network/v20240501preview:Subnet") == "2024-05-01-preview"
    assert find_type("azure-native:network/v20240501:Subnet") is find_type("azure-native:network:Subnet")


def test_what_the_sdk_does_not_know_has_no_version() -> None:
    with pytest.raises(RefusedError, match="states no api-version"):
        api_version("azure-native:nosuchmodule:Thing")
    with pytest.raises(RefusedError, match="states no api-version"):
        api_version("azure-native:network:NoSuchThing")


@pytest.mark.parametrize(
    ("resource_id", "arm_type"),
    [
        ("/subscriptions/s/resourceGroups/g", "Microsoft.Resources/resourceGroups"),
        ("/subscriptions/s/resourceGroups/g/providers/A.B/c/d/e/f", "A.B/c/e"),
        ("/subscriptions/s/resourceGroups/g/providers/A.B/c/d/providers/X.Y/z/1", "X.Y/z"),
    ],
)
def test_the_type_in_an_id(resource_id: str, arm_type: str) -> None:
    assert arm_type_of(resource_id) == arm_type


def test_names_follow_azure_natives_convention() -> None:
    kinds = {token: all_types()[token].auto_name for token in ("resources:ResourceGroup", "network:VirtualNetwork")}
    assert set(kinds.values()) == {"random"}
    assert all_types()["network:Subnet"].auto_name == "copy"
    assert all_types()["authorization:RoleAssignment"].auto_name == "uuid"
    assert all_types()["storage:BlobServiceProperties"].auto_name == "default"
