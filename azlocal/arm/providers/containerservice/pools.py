"""Agent pools: machines of one kind in a cluster, shown both as children and in the cluster's own body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.inline import Inline, elements
from azlocal.arm.locations import normalize
from azlocal.arm.offers import offered, why_not
from azlocal.arm.providers.network.common import check_region
from azlocal.arm.types import Json, NameRule, Reference, ResourceType
from azlocal.arm.zones import zoned
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

CLUSTER = "Microsoft.ContainerService/managedClusters"
POOL = f"{CLUSTER}/agentPools"
SUBNET = "Microsoft.Network/virtualNetworks/subnets"
MAX_NODES = 1000
_OS_DISK = 128  # GiB, what AKS takes where nothing is said for machines of 8 cores and fewer


def _unpack(element: Json) -> Json:
    return {"properties": {key: value for key, value in element.items() if key not in {"name", "provisioningState"}}}


def _pack(body: Json) -> Json:
    return {"name": body["name"], **body["properties"]}


INLINE = Inline("properties.agentPoolProfiles", POOL, _unpack, _pack)


def invalid(message: str, target: str, code: str = "InvalidParameter") -> ArmError:
    """A refusal as AKS words it."""
    return bad_request(f"The value of parameter {target} is invalid. {message}", code, target)


def refuse_new(call: Call, cluster: Resource) -> None:
    """A cluster that is there takes no pool through its own body, and loses none that its body leaves out.

    Azure/AKS issues 1511, 2495 and 4383, pulumi-azure-native issue 579.
    """
    there = {pool.name.lower() for pool in call.state.children(cluster.key, POOL)}
    for element in elements(cluster.body, INLINE.path):
        if str(element.get("name")).lower() not in there:
            raise bad_request(
                "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through"
                " managed cluster operations. For agent pool specific change, please use per agent pool operations:"
                f" https://aka.ms/agent-pool-rest-api (pool '{element.get('name')}')",
                "BadRequest",
                "agentPoolProfiles",
            )


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    low, high, count = (properties.get(name) for name in ("minCount", "maxCount", "count"))
    system = properties["mode"] == "System"
    if properties.get("enableAutoScaling"):
        if low is None or high is None or not (1 if system else 0) <= low <= high <= MAX_NODES:
            raise invalid(
                f"Agent pool '{new.name}' scales from {low} to {high} nodes: it needs"
                f" {1 if system else 0} <= minCount <= maxCount <= {MAX_NODES}.",
                "agentPoolProfile.minCount",
            )
        if not low <= count <= high:
            properties["count"] = min(max(count, low), high)
    elif low is not None or high is not None:
        raise invalid(
            f"Agent pool '{new.name}' has minCount or maxCount and does not scale: set enableAutoScaling.",
            "agentPoolProfile.enableAutoScaling",
        )
    if system and properties["count"] < 1:
        raise invalid(f"System pool '{new.name}' needs at least one node.", "agentPoolProfile.count")
    if system and properties.get("osType") == "Windows":
        raise invalid(f"System pool '{new.name}' must run Linux.", "agentPoolProfile.osType")
    if not 10 <= properties["maxPods"] <= 250:
        raise invalid(
            f"maxPods of '{new.name}' is {properties['maxPods']}; it is 10 to 250.", "agentPoolProfile.maxPods"
        )
    _check_region(call, new)
    _complete(call, new, old)


def _check_region(call: Call, new: Resource) -> None:
    """Its zones are those of the cluster's region, and its subnet is there."""
    cluster = call.state.get(new.key.rpartition("/agentpools/")[0])
    region = normalize(cluster.body["location"]) if cluster else ""
    if cluster and (subnet := new.properties.get("vnetSubnetID")):
        check_region(call, cluster, [subnet.rpartition("/subnets/")[0]])
    size = str(new.properties["vmSize"])
    if region and offered(size, region) is False:
        raise bad_request(
            f"The VM size of {size} is not allowed in your subscription in location '{region}': it is not offered"
            f" {why_not(size, region)}.",
            "BadRequest",
            "agentPoolProfile.vmSize",
        )
    if region and new.properties.get("availabilityZones") and not zoned(region):
        raise bad_request(
            f"Availability zone is not supported in region {region}.",
            "AvailabilityZoneNotSupported",
            "agentPoolProfile.availabilityZone",
        )


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    cluster = call.state.get(new.key.rpartition("/agentpools/")[0])
    version = new.properties.get("orchestratorVersion") or (
        cluster.properties.get("kubernetesVersion") if cluster else None
    )
    new.properties.setdefault("orchestratorVersion", version)
    new.properties["currentOrchestratorVersion"] = full_version(version or "")
    new.properties["powerState"] = (old.properties.get("powerState") if old else None) or {"code": "Running"}
    new.properties["nodeImageVersion"] = "AKSAzureLinux-V3gen2-202510.19.0"


def full_version(version: str) -> str:
    """The patch that a minor version resolves to."""
    return version if version.count(".") == 2 or not version else f"{version}.0"


def _deleting(call: Call, pool: Resource) -> None:
    others = [
        one
        for one in call.state.children(pool.key.rpartition("/agentpools/")[0], POOL)
        if one.key != pool.key and one.properties.get("mode") == "System"
    ]
    if pool.properties.get("mode") == "System" and not others:
        raise bad_request(
            f"There has to be at least one system agent pool: '{pool.name}' is the last and cannot be deleted.",
            "OperationNotAllowed",
        )


TYPE = ResourceType(
    name=POOL,
    name_rule=NameRule(
        r"[a-z][a-z0-9]*", 1, 12, "1-12 lower-case letters and digits, a letter first", code="InvalidParameter"
    ),
    required=("properties.vmSize",),
    references=(
        Reference("properties.vnetSubnetID", SUBNET, code="VnetSubnetIDNotFound"),
        Reference("properties.podSubnetID", SUBNET, code="VnetSubnetIDNotFound"),
    ),
    enums={
        "properties.mode": ("System", "User", "Gateway"),
        "properties.type": ("VirtualMachineScaleSets", "AvailabilitySet", "VirtualMachines"),
        "properties.osType": ("Linux", "Windows"),
        "properties.osSKU": (
            "Ubuntu",
            "Ubuntu2204",
            "Ubuntu2404",
            "AzureLinux",
            "AzureLinux3",
            "CBLMariner",
            "Windows2019",
            "Windows2022",
        ),
        "properties.osDiskType": ("Managed", "Ephemeral"),
        "properties.scaleSetPriority": ("Regular", "Spot"),
    },
    defaults={
        "properties.count": 1,
        "properties.mode": "User",
        "properties.type": "VirtualMachineScaleSets",
        "properties.osType": "Linux",
        "properties.osSKU": "Ubuntu",
        "properties.osDiskSizeGB": _OS_DISK,
        "properties.osDiskType": "Managed",
        "properties.kubeletDiskType": "OS",
        "properties.maxPods": 110,
        "properties.enableAutoScaling": False,
        "properties.enableNodePublicIP": False,
        "properties.enableFIPS": False,
        "properties.enableEncryptionAtHost": False,
        "properties.scaleDownMode": "Delete",
        "properties.upgradeSettings.maxSurge": "10%",
    },
    create_only=(
        "properties.vmSize",
        "properties.osType",
        "properties.osDiskType",
        "properties.osDiskSizeGB",
        "properties.vnetSubnetID",
        "properties.type",
        # Of the list by which Terraform's azurerm_kubernetes_cluster_node_pool makes a pool anew.
        "properties.availabilityZones",
        "properties.enableEncryptionAtHost",
        "properties.enableNodePublicIP",
        "properties.kubeletDiskType",
        "properties.maxPods",
        "properties.podSubnetID",
    ),
    duration=240,
    delete_duration=120,
    delete_status=204,
    check=_check,
    deleting=_deleting,
)
