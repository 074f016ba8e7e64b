"""Azure ML registries: the control plane. Their models are served by ``azlocal.machinelearning.registries``."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.providers.machinelearning import managed
from azlocal.arm.providers.machinelearning.versions import NAMESPACE
from azlocal.arm.providers.machinelearning.workspaces import NAME_RULE
from azlocal.arm.types import ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

REGISTRY = f"{NAMESPACE}/registries"
_ACCOUNT_KINDS = (
    "Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Standard_GZRS", "Standard_RAGZRS",
    "Premium_LRS", "Premium_ZRS",
)  # fmt: skip


def _check(_call: Call, new: Resource, _old: Resource | None) -> None:
    """Its regions, of which its own is one, each with storage and images (Microsoft Learn, "Create and manage
    registries").
    """
    if not (new.body.get("identity") or {}).get("type"):
        raise _invalid("A registry needs a managed identity.", "identity.type")
    regions = new.properties.get("regionDetails") or []
    names = [normalize(str(one.get("location") or "")) for one in regions]
    if normalize(new.body["location"]) not in names:
        raise _invalid(
            f"The registry's own location '{new.body['location']}' is not one of its regions: {', '.join(names)}.",
            "properties.regionDetails",
        )
    for region in regions:
        if not region.get("acrDetails") or not region.get("storageAccountDetails"):
            raise _invalid(
                f"Region '{region.get('location')}' needs acrDetails and storageAccountDetails.",
                "properties.regionDetails",
            )
        _check_images(region)
        _check_storage(region)


def _check_images(region: dict[str, Any]) -> None:
    for one in region["acrDetails"]:
        sku = (one.get("systemCreatedAcrAccount") or {}).get("acrAccountSku", "Premium")
        if sku != "Premium":
            raise _invalid(f"acrAccountSku is '{sku}'; a registry's images need Premium.", "acrAccountSku")


def _check_storage(region: dict[str, Any]) -> None:
    for one in region["storageAccountDetails"]:
        kind = (one.get("systemCreatedStorageAccount") or {}).get("storageAccountType", "Standard_LRS")
        if kind not in _ACCOUNT_KINDS:
            raise _invalid(f"storageAccountType is '{kind}': {', '.join(_ACCOUNT_KINDS)}.", "storageAccountType")


def _invalid(message: str, target: str) -> ArmError:
    return bad_request(message, "ValidationError", target)


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    """Ids, end points, and the accounts that Azure makes in a group of its own."""
    properties = new.properties
    region = normalize(new.body["location"])
    properties["registryId"] = old.properties["registryId"] if old else str(uuid.uuid4())
    short = hashlib.sha256(properties["registryId"].encode()).hexdigest()[:12]
    group = f"/subscriptions/{call.path.subscription}/resourceGroups/azureml-rg-{new.name}_{properties['registryId']}"
    properties["managedResourceGroup"] = {"resourceId": group}
    properties["discoveryUrl"] = (
        f"https://{region}.api.azureml.ms/registrymanagement/v1.0/registries/{new.name}/discovery"
    )
    properties["mlFlowRegistryUri"] = f"azureml://{region}.api.azureml.ms/mlflow/v1.0/registries/{new.name}"
    for index, one in enumerate(properties["regionDetails"]):
        for details in one["acrDetails"]:
            made = details.setdefault("systemCreatedAcrAccount", {})
            made.setdefault("acrAccountSku", "Premium")
            made["acrAccountName"] = f"{short}{index}"
            made["armResourceId"] = {
                "resourceId": f"{group}/providers/Microsoft.ContainerRegistry/registries/{short}{index}"
            }
        for details in one["storageAccountDetails"]:
            made = details.setdefault("systemCreatedStorageAccount", {})
            made.setdefault("storageAccountType", "Standard_LRS")
            made["storageAccountName"] = f"{short}{index}"
            made["armResourceId"] = {
                "resourceId": f"{group}/providers/Microsoft.Storage/storageAccounts/{short}{index}"
            }


TYPE = ResourceType(
    name=REGISTRY,
    tracked=True,
    system_data=True,
    name_rule=NAME_RULE,
    enums={"properties.publicNetworkAccess": ("Enabled", "Disabled")},
    required=("properties.regionDetails",),
    defaults={"properties.publicNetworkAccess": "Enabled"},
    duration=245,
    delete_duration=60,
    check=_check,
    complete=_complete,
    deleted=managed.forget,
)  # fmt: skip
