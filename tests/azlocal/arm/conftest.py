"""A control plane in memory and the SDKs' clients on it: the tier of tests that takes seconds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from azlocal.arm import ControlPlane
from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID, Principal
from azlocal.state import State

from .inprocess import StaticCredential, Transport

with warnings.catch_warnings():  # its docstrings hold escapes that Python's compiler warns of
    warnings.simplefilter("ignore")
    import azure.mgmt.synapse  # type: ignore[import-untyped]  # noqa: F401

LOCATION = "westeurope"
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"


class World:
    """One Azure: its control plane, its clock, and clients for whoever asks."""

    def __init__(self, *, faithful: bool = False) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []
        self.state = State(None)
        self.control = ControlPlane(self.state, faithful=faithful, clock=lambda: self.now)

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.slept.append(seconds)
        self.now += seconds

    def client(self, kind: Any, principal: Principal = OWNER, **options: Any) -> Any:
        """An SDK's client."""
        transport = Transport(self.control, principal, self.sleep)
        return kind(StaticCredential(), SUBSCRIPTION_ID, transport=transport, retry_total=0, **options)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A resource that a test needs and isn't about; the answer has to be a success."""
        answer = self.control.internal("PUT", path, body)
        assert answer.status < 300, answer.body
        return dict(answer.body)

    def group(self, name: str = "rg") -> str:
        """A resource group."""
        return str(self.put(f"{SUBSCRIPTION}/resourceGroups/{name}", {"location": LOCATION})["id"])

    def account(self, name: str = "account1", **properties: Any) -> str:
        """A storage account."""
        body = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": properties}
        return str(self.put(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}", body)["id"])

    def network(self, *subnets: str, name: str = "vnet", space: str = "10.0.0.0/16") -> str:
        """A virtual network with subnets called snet0, snet1 and so on."""
        body = {
            "location": LOCATION,
            "properties": {
                "addressSpace": {"addressPrefixes": [space]},
                "subnets": [
                    {"name": f"snet{index}", "properties": {"addressPrefix": prefix}}
                    for index, prefix in enumerate(subnets)
                ],
            },
        }
        return str(self.put(f"{GROUP}/providers/Microsoft.Network/virtualNetworks/{name}", body)["id"])

    def identity(self, name: str = "identity1") -> dict[str, Any]:
        """A user-assigned identity."""
        path = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        return self.put(path, {"location": LOCATION})

    def assign(self, role: str, principal_id: str, scope: str, name: str) -> None:
        """A role assignment; ``role`` is the definition's GUID, ``name`` the assignment's."""
        definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"properties": {"roleDefinitionId": definition, "principalId": principal_id}}
        self.put(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", body)


@pytest.fixture
def world() -> World:
    """An Azure with a resource group, ``rg``."""
    made = World()
    made.group()
    return made


@pytest.fixture
def faithful() -> World:
    """The same with Azure's own durations, on a clock that pollers move."""
    made = World(faithful=True)
    made.group()
    return made


@contextmanager
def refused(code: str, status: int | None = None) -> Iterator[pytest.ExceptionInfo[HttpResponseError]]:
    """The SDK raises, and its error carries Azure's code."""
    with pytest.raises(HttpResponseError) as caught:
        yield caught
    error = caught.value
    assert error.error is not None, error
    assert error.error.code == code, error.message
    assert status is None or error.status_code == status
