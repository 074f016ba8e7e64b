"""Public addresses, NAT gateways and load balancers: ways out of a network and into it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.providers.network.addresses import allocate
from azlocal.arm.providers.network.common import name_rule, number_parts, show_etag, users
from azlocal.arm.types import Json, Reference, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

ADDRESS = "Microsoft.Network/publicIPAddresses"
# Never routed (RFC 2544): an address that nobody can mistake for one that works.
_PUBLIC = ipaddress.ip_network("198.18.0.0/15")
_COUNTER = ("publicAddress", "last")


def _check_address(call: Call, new: Resource, old: Resource | None) -> None:
    properties, sku = new.properties, new.body["sku"]
    if sku["name"] == "Standard" and properties["publicIPAllocationMethod"].lower() != "static":
        raise bad_request(
            f"Standard sku publicIp {new.id} must have AllocationMethod set to Static.",
            "StandardSkuPublicIPAddressesMustBeStatic",
        )
    if "ipAddress" not in properties or old is None:
        number = int(call.state.document(*_COUNTER) or 0) + 1
        call.state.put_document(*_COUNTER, number)
        properties["ipAddress"] = str(_PUBLIC.network_address + number % _PUBLIC.num_addresses)
    if label := (properties.get("dnsSettings") or {}).get("domainNameLabel"):
        region = normalize(new.body["location"])
        properties["dnsSettings"]["fqdn"] = f"{label}.{region}.cloudapp.azure.com"


def _show_address(call: Call, resource: Resource, body: Json) -> None:
    show_etag(call, resource, body)
    for gateway in users(call, resource, "/natgateways/"):
        body["properties"]["natGateway"] = gateway


def _check_gateway(call: Call, new: Resource, _old: Resource | None) -> None:
    minutes = new.properties["idleTimeoutInMinutes"]
    if not 4 <= minutes <= 120:
        raise bad_request(
            f"NAT gateway {new.id} has idleTimeoutInMinutes {minutes}. The range is 4 to 120.",
            "NatGatewayIdleTimeoutOutOfRange",
        )
    for reference in new.properties.get("publicIpAddresses") or []:
        for user in call.state.referrers(reference["id"].lower()):
            if user != new.key:
                raise ArmError(
                    400,
                    "PublicIPAddressInUse",
                    f"Resource {new.id} is referencing public IP address {reference['id']} that is already allocated to"
                    f" resource {user}.",
                )


def _show_gateway(call: Call, resource: Resource, body: Json) -> None:
    show_etag(call, resource, body)
    if subnets := users(call, resource, "/subnets/[^/]+$"):
        body["properties"]["subnets"] = subnets


_PARTS = (
    "frontendIPConfigurations",
    "backendAddressPools",
    "loadBalancingRules",
    "probes",
    "inboundNatRules",
    "outboundRules",
    "inboundNatPools",
)


def _check_balancer(call: Call, new: Resource, old: Resource | None) -> None:
    for part in _PARTS:
        new.properties.setdefault(part, [])
        number_parts(new, part, part, f"Microsoft.Network/loadBalancers/{part}")
    known = {
        one["id"]: one.get("properties", {}) for one in (old.properties["frontendIPConfigurations"] if old else [])
    }
    for front in new.properties["frontendIPConfigurations"]:
        properties = front["properties"]
        properties.setdefault("privateIPAllocationMethod", "Dynamic")
        subnet = call.state.get((properties.get("subnet") or {}).get("id", "").lower())
        if subnet and not properties.get("privateIPAddress"):
            before = known.get(front["id"], {}).get("privateIPAddress")
            properties["privateIPAddress"] = before or allocate(call.state, subnet, new.id)


TYPES = (
    ResourceType(
        name=ADDRESS,
        tracked=True,
        name_rule=name_rule(80),
        enums={
            "properties.publicIPAllocationMethod": ("Static", "Dynamic"),
            "properties.publicIPAddressVersion": ("IPv4", "IPv6"),
            "sku.name": ("Basic", "Standard", "StandardV2"),
        },
        defaults={
            "sku.name": "Standard",
            "sku.tier": "Regional",
            "properties.publicIPAllocationMethod": "Static",
            "properties.publicIPAddressVersion": "IPv4",
            "properties.idleTimeoutInMinutes": 4,
            "properties.ipTags": [],
            "properties.ddosSettings.protectionMode": "VirtualNetworkInherited",
        },
        create_only=("sku.name", "properties.publicIPAddressVersion"),
        read_only=("properties.ipAddress",),
        in_use_code="PublicIPAddressCannotBeDeleted",
        duration=10,
        delete_duration=10,
        check=_check_address,
        present=_show_address,
    ),
    ResourceType(
        name="Microsoft.Network/natGateways",
        tracked=True,
        name_rule=name_rule(80),
        references=(
            Reference("properties.publicIpAddresses.*.id", ADDRESS),
            Reference("properties.publicIpPrefixes.*.id"),
        ),
        enums={"sku.name": ("Standard", "StandardV2")},
        defaults={"sku.name": "Standard", "sku.tier": "Regional", "properties.idleTimeoutInMinutes": 4},
        create_only=("sku.name",),
        in_use_code="InUseNatGatewayCannotBeDeleted",
        duration=10,
        delete_duration=10,
        check=_check_gateway,
        present=_show_gateway,
    ),
    ResourceType(
        name="Microsoft.Network/loadBalancers",
        tracked=True,
        name_rule=name_rule(80),
        references=(
            Reference(
                "properties.frontendIPConfigurations.*.properties.subnet.id",
                "Microsoft.Network/virtualNetworks/subnets",
            ),
            Reference("properties.frontendIPConfigurations.*.properties.publicIPAddress.id", ADDRESS),
        ),
        enums={"sku.name": ("Basic", "Standard", "Gateway")},
        defaults={"sku.name": "Standard", "sku.tier": "Regional"},
        create_only=("sku.name",),
        duration=10,
        delete_duration=10,
        check=_check_balancer,
        present=show_etag,
    ),
)
