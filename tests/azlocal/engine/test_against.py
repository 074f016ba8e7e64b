"""``azlocal plan --against running``: what would be created, changed, replaced or deleted, which fields, and why."""

from __future__ import annotations

import contextlib

import pytest

from azlocal.engine import commands
from azlocal.engine.errors import UNPROTECT, EngineError
from azlocal.engine.plan.against import Against, against
from azlocal.engine.ports import Reply
from azlocal.engine.view import Lines
from azlocal.state.folder import StateFolder
from tests.azlocal.engine.conftest import GROUP, Stack, refuse

IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities".lower()
PROGRAM = "rg = group(); identity('a', rg.name, tags={'by': 'program'}); identity('b', rg.name)"
ACCOUNT = """
from pulumi_azure_native import storage
rg = group()
storage.StorageAccount("lake", resource_group_name=rg.name, account_name="lake1", location="westeurope",
    kind="StorageV2", sku={"name": "Standard_LRS"}, is_hns_enabled=HNS)
"""


def compared(stack: Stack, program: str) -> Against:
    """The comparison, which writes nothing."""
    stack.write(program)
    stack.azure.requests.clear()
    before = stack.saved
    found = against(stack.folder, "dev", stack.target)
    assert stack.azure.writes() == []
    assert stack.saved == before
    return found


def told(found: Against) -> list[str]:
    return [line.replace("managedidentity:UserAssignedIdentity ", "") for line in found.lines()]


def test_nothing_to_do_is_said(stack: Stack) -> None:
    stack.up(PROGRAM)
    found = compared(stack, PROGRAM)
    assert told(found) == []
    assert found.summary() == "nothing to do, 3 unchanged"


def test_each_difference_is_told_with_its_fields_and_why(stack: Stack) -> None:
    stack.up(PROGRAM)
    program = "rg = group(); identity('a', rg.name, tags={'by': 'hand', 'of': 'me'}); identity('c', rg.name)"
    found = compared(stack, program)
    assert told(found) == ["~ a: tags.by, tags.of", "+ c", "- b: the program no longer has it"]
    assert found.summary() == "1 to create, 1 to change, 1 to delete, 1 unchanged"
    assert found.as_json()["changes"][0]["fields"] == ["tags.by", "tags.of"]


def test_a_replacement_says_why(stack: Stack) -> None:
    stack.up(PROGRAM)
    (change,) = compared(stack, PROGRAM.replace("identity('b', rg.name)", "identity('b', rg.name, call='z')")).changes
    assert change.action.value == "replace"
    assert change.why == "resourceName can't be changed in place"
    assert change.fields == ("resourceName",)


def test_what_was_changed_outside_counts(stack: Stack) -> None:
    stack.up(PROGRAM)
    stack.azure.resources[f"{IDENTITIES}/a"]["tags"] = {"by": "hand"}
    del stack.azure.resources[f"{IDENTITIES}/b"]
    assert told(compared(stack, PROGRAM)) == ["~ a: tags.by", "+ b"]


def test_what_hangs_on_something_new_is_created_or_left_open(stack: Stack) -> None:
    stack.up("rg = group(); identity('old', rg.name)")
    program = """
rg = group()
a = identity('a', rg.name)
identity('new', rg.name, tags={'of': a.client_id})
identity('old', rg.name, tags={'of': a.client_id})
"""
    found = compared(stack, program)
    assert told(found) == ["+ a", "+ new", "? old: hangs on what would be new, and may change"]
    assert found.summary() == "2 to create, 1 may change, 1 unchanged"


def test_what_would_lose_data_says_so(stack: Stack) -> None:
    stack.up(ACCOUNT.replace("HNS", "True"))
    (line,) = compared(stack, ACCOUNT.replace("HNS", "False")).lines()
    assert line.startswith("± storage:StorageAccount lake: isHnsEnabled can't be changed in place; LOSES ")
    assert line.endswith("`up` wants --accept-data-loss lake")


NETWORK = """
from pulumi_azure_native import network
rg = group()
vnet = network.VirtualNetwork("vnet", resource_group_name=rg.name, virtual_network_name="vnet",
    address_space={"address_prefixes": ["10.0.0.0/16"]}, subnets=[
        {"name": name, "address_prefix": f"10.0.{at}.0/24"} for at, name in enumerate(SUBNETS)])
if HOST:
    network.BastionHost("host", resource_group_name=rg.name, bastion_host_name="host", ip_configurations=[
        {"name": "one", "subnet": {"id": vnet.id.apply(lambda id: f"{id}/subnets/AzureBastionSubnet")}}])
"""
WORKSPACE = """
from pulumi_azure_native import machinelearningservices as ml
rg = group()
ws = ml.Workspace("ws", resource_group_name=rg.name, workspace_name="ws", managed_network={"isolation_mode": MODE})
if NODES:
    ml.Compute("cpu", resource_group_name=rg.name, workspace_name=ws.name, compute_name="cpu",
        properties=ml.AmlComputeArgs(compute_type="AmlCompute"))
ml.Compute("aks", resource_group_name=rg.name, workspace_name=ws.name, compute_name="aks",
    properties=ml.KubernetesArgs(compute_type="Kubernetes"))
"""


def filled(program: str, **given: object) -> str:
    for name, value in given.items():
        program = program.replace(name, repr(value))
    return program


def test_a_subnet_that_something_stands_in_goes_in_two_steps(stack: Stack) -> None:
    stack.up(filled(NETWORK, SUBNETS=["AzureBastionSubnet", "other"], HOST=True))
    (told,) = compared(stack, filled(NETWORK, SUBNETS=["other"], HOST=False)).problems
    assert (told["code"], told["resource"], told["field"]) == ("InUseSubnetCannotBeDeleted", "vnet", "subnets")
    assert "subnet AzureBastionSubnet is to go, and host stands in it" in told["message"]
    assert "first an `up` that takes away what stands in the subnet and keeps the subnet" in told["fix"]
    assert "docs/changes.md" in told["fix"]
    assert compared(stack, filled(NETWORK, SUBNETS=["AzureBastionSubnet", "other"], HOST=False)).problems == []
    stack.up(filled(NETWORK, SUBNETS=["AzureBastionSubnet", "other"], HOST=False))
    assert compared(stack, filled(NETWORK, SUBNETS=["other"], HOST=False)).problems == []


def test_a_workspace_takes_a_managed_network_without_nodes(stack: Stack) -> None:
    stack.up(filled(WORKSPACE, MODE="Disabled", NODES=True))
    (told,) = compared(stack, filled(WORKSPACE, MODE="AllowInternetOutbound", NODES=True)).problems
    assert (told["code"], told["field"]) == ("ValidationError", "managedNetwork.isolationMode")
    assert told["message"].endswith("and has cpu")
    assert compared(stack, filled(WORKSPACE, MODE="Disabled", NODES=False)).problems == []
    stack.up(filled(WORKSPACE, MODE="Disabled", NODES=False))
    assert compared(stack, filled(WORKSPACE, MODE="AllowInternetOutbound", NODES=True)).problems == []


def test_up_says_the_same_way_out_of_the_refusal(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.up(filled(NETWORK, SUBNETS=["AzureBastionSubnet", "other"], HOST=True))
    stack.azure.refuse = refuse("PUT", "vnet", 400, "InUseSubnetCannotBeDeleted")
    without = filled(NETWORK, SUBNETS=["other"], HOST=False)
    result = stack.up(without)
    (told,) = compared(stack, without).problems
    assert list(result.steps.values()) == [told["fix"]]
    monkeypatch.setattr(commands, "_at_work", lambda *_: contextlib.nullcontext((stack.target, Lines())))
    with pytest.raises(EngineError, match="InUseSubnetCannotBeDeleted") as raised:
        commands.up(stack.folder, "dev", StateFolder(stack.folder))
    assert raised.value.hint == told["fix"]

    stack.azure.refuse = lambda *_: None
    stack.up(filled(WORKSPACE, MODE="Disabled", NODES=True))
    error = {"code": "ValidationError", "message": "no", "target": "isolationMode"}
    stack.azure.refuse = lambda method, path, _: Reply(400, {"error": error}) if (
        method == "PUT" and path.endswith("/ws")
    ) else None  # fmt: skip
    wanted = filled(WORKSPACE, MODE="AllowInternetOutbound", NODES=True)
    result = stack.up(wanted)
    (told,) = compared(stack, wanted).problems
    assert list(result.steps.values()) == [told["fix"]]
    stack.azure.refuse = refuse("PUT", "ws", 400, "ValidationError")
    assert stack.up(wanted).steps == {}, "another field"


def test_what_falls_with_something_replaced_says_so(stack: Stack) -> None:
    program = (
        ACCOUNT.replace("storage.StorageAccount(", "lake = storage.StorageAccount(")
        + """
storage.BlobContainer("raw", resource_group_name=rg.name, account_name=lake.name, container_name="raw")
"""
    )
    stack.up(program.replace("HNS", "True"))
    found = compared(stack, program.replace("HNS", "False"))
    lines = told(found)
    assert lines[0].startswith("± storage:StorageAccount lake: ")
    assert lines[1].startswith("± storage:BlobContainer raw: it can't stay while lake is replaced; LOSES its blobs")
    assert (found.open, found.same) == ([], 1)


def test_what_is_replaced_with_another_says_so(stack: Stack) -> None:
    program = "rg = group(); a = identity('a', rg.name, call='NAME'); identity('b', rg.name, replace_with=[a])"
    stack.up(program.replace("NAME", "one"))
    assert told(compared(stack, program.replace("NAME", "two"))) == [
        "± a: resourceName can't be changed in place",
        "± b: what it is replaced with, or its trigger, asks for it",
    ]


def test_what_is_protected_says_so(stack: Stack) -> None:
    stack.up("rg = group(); identity('kept', rg.name, protect=True)")
    (change,) = compared(stack, "rg = group()").changes
    assert change.why == f"the program no longer has it; it is protected: {UNPROTECT}"


def test_what_can_t_be_read_is_a_failure(stack: Stack) -> None:
    stack.up(PROGRAM)
    stack.azure.refuse = refuse("GET", "a", 403, "AuthorizationFailed")
    found = compared(stack, PROGRAM)
    assert [failure.code for failure in found.failures] == ["AuthorizationFailed"]


@pytest.mark.parametrize("program", [PROGRAM, ACCOUNT.replace("HNS", "True")])
def test_on_an_empty_azure_everything_is_created(stack: Stack, program: str) -> None:
    stack.write(program)
    found = against(stack.folder, "dev", stack.target)
    assert {change.action.value for change in found.changes} == {"create"}
    assert found.same == 0
