"""The VM sizes that AmlCompute offers here, and the calls that list sizes and usage (Microsoft Learn, "VM sizes")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.offers import offered
from azlocal.arm.providers.machinelearning.versions import NAMESPACE, WORKSPACE
from azlocal.arm.types import ScopeAction

if TYPE_CHECKING:
    from azlocal.arm.control import Call

QUOTA = 100  # dedicated cores of each family: what a new subscription is given


@dataclass(frozen=True, slots=True)
class VmSize:
    """One size: cores, GPUs, memory and temporary disk (GiB)."""

    name: str
    family: str
    cores: int
    memory: float
    disk: int
    gpus: int = 0


SIZES = (
    VmSize("Standard_D2_v2", "standardDv2Family", 2, 7, 100),
    VmSize("Standard_D3_v2", "standardDv2Family", 4, 14, 200),
    VmSize("Standard_DS2_v2", "standardDSv2Family", 2, 7, 14),
    VmSize("Standard_DS3_v2", "standardDSv2Family", 4, 14, 28),
    VmSize("Standard_DS4_v2", "standardDSv2Family", 8, 28, 56),
    VmSize("Standard_DS5_v2", "standardDSv2Family", 16, 56, 112),
    VmSize("Standard_DS11_v2", "standardDSv2Family", 2, 14, 28),
    VmSize("Standard_DS12_v2", "standardDSv2Family", 4, 28, 56),
    *(VmSize(f"Standard_D{n}s_v3", "standardDSv3Family", n, 4.0 * n, 8 * n) for n in (2, 4, 8, 16, 32)),
    *(VmSize(f"Standard_D{n}ds_v4", "standardDDSv4Family", n, 4.0 * n, 38 * n) for n in (2, 4, 8, 16, 32)),
    *(VmSize(f"Standard_D{n}s_v5", "standardDSv5Family", n, 4.0 * n, 0) for n in (2, 4, 8, 16, 32)),
    *(VmSize(f"Standard_D{n}ds_v5", "standardDDSv5Family", n, 4.0 * n, 38 * n) for n in (2, 4, 8, 16, 32)),
    *(VmSize(f"Standard_E{n}s_v3", "standardESv3Family", n, 8.0 * n, 16 * n) for n in (2, 4, 8, 16, 32)),
    *(VmSize(f"Standard_E{n}ds_v4", "standardEDSv4Family", n, 8.0 * n, 38 * n) for n in (2, 4, 8, 16, 32)),
    *(VmSize(f"Standard_E{n}ds_v5", "standardEDSv5Family", n, 8.0 * n, 38 * n) for n in (2, 4, 8, 16, 32)),
    *(VmSize(f"Standard_F{n}s_v2", "standardFSv2Family", n, 2.0 * n, 8 * n) for n in (2, 4, 8, 16, 32)),
    VmSize("Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", 4, 28, 176, 1),
    VmSize("Standard_NC24ads_A100_v4", "StandardNCADSA100v4Family", 24, 220, 958, 1),
)
BY_NAME = {size.name.lower(): size for size in SIZES}


def _sizes(call: Call, match: re.Match[str]) -> ArmResponse:
    name = "value" if call.api_version >= "2021" else "amlCompute"  # as the first api-versions called it
    there = [size for size in SIZES if offered(size.name, normalize(match[1])) is not False]
    return ArmResponse(200, {name: [_shown(size) for size in there]})


def _shown(size: VmSize) -> dict[str, Any]:
    return {
        "name": size.name,
        "family": size.family,
        "vCPUs": size.cores,
        "gpus": size.gpus,
        "osVhdSizeMB": 1047552,
        "maxResourceVolumeMB": size.disk * 1024,
        "memoryGB": size.memory,
        "lowPriorityCapable": True,
        "premiumIO": "s" in size.name.rsplit("_", 2)[1].lower(),
        "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
    }


def _usages(call: Call, match: re.Match[str]) -> ArmResponse:
    """Cores in use of each family: those of the clusters' largest size, as a quota counts them."""
    subscription = f"/subscriptions/{call.path.subscription}".lower()
    used: dict[str, int] = dict.fromkeys(dict.fromkeys(size.family for size in SIZES), 0)
    for compute in call.state.of_type(f"{WORKSPACE}/computes", subscription):
        inner = compute.properties.get("properties") or {}
        size = BY_NAME.get(str(inner.get("vmSize", "")).lower())
        if size:
            used[size.family] += size.cores * int((inner.get("scaleSettings") or {}).get("maxNodeCount", 1))
    base = f"/subscriptions/{call.path.subscription}/providers/{NAMESPACE}/locations/{match[1]}/usages"
    value = [
        {
            "id": f"{base}/{family}",
            "type": f"{NAMESPACE}/usages",
            "unit": "Count",
            "currentValue": cores,
            "limit": QUOTA,
            "name": {"value": family, "localizedValue": family},
        }
        for family, cores in used.items()
    ]
    return ArmResponse(200, {"value": value})


CALLS = (
    ScopeAction("GET", r"locations/([^/]+)/vmSizes", _sizes, f"{NAMESPACE}/locations/vmSizes/read"),
    ScopeAction("GET", r"locations/([^/]+)/usages", _usages, f"{NAMESPACE}/locations/usages/read"),
)
