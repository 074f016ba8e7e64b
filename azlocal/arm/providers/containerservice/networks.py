"""A cluster's network profile: its defaults, and what cannot work together."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.providers.containerservice.pools import POOL, invalid
from azlocal.arm.types import Json
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

DEFAULTS: Json = {
    "networkPlugin": "azure",
    "networkPluginMode": "overlay",
    "networkPolicy": "none",
    "networkDataplane": "azure",
    "loadBalancerSku": "standard",
    "outboundType": "loadBalancer",
    "serviceCidr": "10.0.0.0/16",
    "dnsServiceIP": "10.0.0.10",
    "ipFamilies": ["IPv4"],
}


def complete(new: Resource) -> None:
    """Defaults that depend on what was chosen."""
    profile = new.properties.setdefault("networkProfile", {})
    chosen = "networkPlugin" in profile
    for name, default in DEFAULTS.items():
        if name == "networkPluginMode" and chosen:
            continue
        profile.setdefault(name, list(default) if isinstance(default, list) else default)
    if profile.get("networkPluginMode") == "overlay" or profile["networkPlugin"] == "kubenet":
        profile.setdefault("podCidr", "10.244.0.0/16")
        profile.setdefault("podCidrs", [profile["podCidr"]])
    profile.setdefault("serviceCidrs", [profile["serviceCidr"]])
    if profile["outboundType"] == "loadBalancer":
        balancer = profile.setdefault("loadBalancerProfile", {})
        balancer.setdefault("managedOutboundIPs", {"count": 1})
        balancer.setdefault("backendPoolType", "nodeIPConfiguration")


def check(call: Call, new: Resource) -> None:
    """Ranges apart, and the way out that ``outboundType`` promises. The pools are stored already.

    Raises:
        ArmError: 400 with AKS' code.
    """
    profile = new.properties["networkProfile"]
    if profile["networkPolicy"] == "cilium" and profile["networkDataplane"] != "cilium":
        raise invalid(
            f"networkPolicy cilium needs networkDataplane cilium, not {profile['networkDataplane']}.",
            "networkProfile.networkPolicy",
        )
    services = ipaddress.ip_network(profile["serviceCidr"])
    pods = ipaddress.ip_network(profile["podCidr"]) if profile.get("podCidr") else None
    if ipaddress.ip_address(profile["dnsServiceIP"]) not in services:
        raise invalid(
            f"dnsServiceIP {profile['dnsServiceIP']} is not in serviceCidr {services}.", "networkProfile.dnsServiceIP"
        )
    if pods and pods.overlaps(services):
        raise invalid(f"podCidr {pods} overlaps with serviceCidr {services}.", "networkProfile.podCidr")
    subnets = {
        str(pool.properties["vnetSubnetID"]).lower(): pool
        for pool in call.state.children(new.key, POOL)
        if pool.properties.get("vnetSubnetID")
    }
    for key in subnets:
        subnet = call.state.get(key)
        if subnet:
            _check_subnet(subnet, services, pods)
            _check_way_out(profile["outboundType"], subnet)
    if profile["outboundType"] in _WAYS and not subnets:
        raise invalid(
            f"outboundType {profile['outboundType']} needs agent pools in a subnet of one's own (vnetSubnetID).",
            "networkProfile.outboundType",
        )


# outbound type → property of the subnet it needs, and AKS' code without it
_WAYS = {
    "userDefinedRouting": ("routeTable", "ExistingRouteTableNotAssociatedWithSubnet"),
    "userAssignedNATGateway": ("natGateway", "InvalidParameter"),
}


def _check_way_out(outbound: str, subnet: Resource) -> None:
    needed = _WAYS.get(outbound)
    if needed and not subnet.properties.get(needed[0]):
        raise bad_request(
            f"outboundType is {outbound}, and subnet {subnet.id} has no {needed[0]} associated.", needed[1]
        )


def _check_subnet(subnet: Resource, services: object, pods: object) -> None:
    given = subnet.properties.get("addressPrefixes") or [subnet.properties.get("addressPrefix")]
    for prefix in given:
        one = ipaddress.ip_network(prefix)
        if isinstance(services, ipaddress.IPv4Network) and one.overlaps(services):
            raise bad_request(
                f"The specified service CIDR {services} is conflicted with an existing subnet CIDR {one}.",
                "ServiceCidrOverlapExistingSubnetsCidr",
            )
        if isinstance(pods, ipaddress.IPv4Network) and one.overlaps(pods):
            raise bad_request(
                f"The specified pod CIDR {pods} is conflicted with an existing subnet CIDR {one}.",
                "PodCidrOverlapExistingSubnetsCidr",
            )
