"""Azure Firewall with its policies and rules, and Azure Bastion: what stands in a subnet of a reserved name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.providers.network.addresses import allocate
from azlocal.arm.providers.network.common import name_rule, number_parts, show_etag, users
from azlocal.arm.providers.network.outbound import ADDRESS
from azlocal.arm.providers.network.subnetuse import check_user
from azlocal.arm.types import Json, Reference, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

FIREWALL = "Microsoft.Network/azureFirewalls"
POLICY = "Microsoft.Network/firewallPolicies"
RULES = f"{POLICY}/ruleCollectionGroups"
BASTION = "Microsoft.Network/bastionHosts"
_SUBNET = "Microsoft.Network/virtualNetworks/subnets"
_CONFIGURATIONS = "ipConfigurations"
_TIERS = {"Basic": 0, "Standard": 1, "Premium": 2}
PRIORITIES = (100, 65000)
_FILTERS = {"networkrule", "applicationrule"}


def _check_subnet(new: Resource, code: str, wanted: str) -> None:
    """The subnet has the one name that Azure knows for this kind.

    Raises:
        ArmError: 400 with the kind's code.
    """
    for part in new.properties.get(_CONFIGURATIONS) or []:
        subnet = (part.get("properties", {}).get("subnet") or {}).get("id", "")
        if subnet and subnet.rsplit("/", 1)[-1] != wanted:
            raise bad_request(
                f"IP configuration {part.get('name')} of {new.id} is in subnet {subnet}. It must be in a subnet that is"
                f" called {wanted}.",
                code,
            )


def _check_public(call: Call, new: Resource, code: str) -> None:
    """Public addresses are Standard and static, and nobody else has them.

    Raises:
        ArmError: 400 with the kind's code, or PublicIPAddressInUse.
    """
    for part in new.properties.get(_CONFIGURATIONS) or []:
        address_id = (part.get("properties", {}).get("publicIPAddress") or {}).get("id", "")
        address = call.state.get(address_id.lower())
        if address is None:
            continue
        method = str(address.properties.get("publicIPAllocationMethod"))
        if not str(address.body["sku"]["name"]).startswith("Standard") or method.lower() != "static":
            raise bad_request(
                f"{new.id} needs a public IP address of SKU Standard with static allocation; {address.id} is"
                f" {address.body['sku']['name']} and {method}.",
                code,
            )
        for user in call.state.referrers(address.key):
            if user != new.key:
                raise bad_request(
                    f"Resource {new.id} is referencing public IP address {address.id} that is already allocated to"
                    f" resource {user}.",
                    "PublicIPAddressInUse",
                )


def _place(call: Call, new: Resource, old: Resource | None) -> None:
    """Private addresses, kept as long as the configuration is there."""
    number_parts(new, _CONFIGURATIONS, _CONFIGURATIONS, f"{new.type}/{_CONFIGURATIONS}")
    before = {part["id"]: part["properties"] for part in (old.properties.get(_CONFIGURATIONS) or [] if old else [])}
    for part in new.properties.get(_CONFIGURATIONS) or []:
        properties = part["properties"]
        properties["privateIPAllocationMethod"] = "Dynamic"
        subnet = call.state.get((properties.get("subnet") or {}).get("id", "").lower())
        if subnet:
            check_user(call, subnet, new)
            known = before.get(part["id"], {}).get("privateIPAddress")
            properties["privateIPAddress"] = known or allocate(call.state, subnet, new.id)


def _check_firewall(call: Call, new: Resource, old: Resource | None) -> None:
    sku = new.properties["sku"]
    if sku["name"] == "AZFW_VNet":
        if not new.properties.get(_CONFIGURATIONS):
            raise bad_request(
                f"Azure Firewall {new.id} has no IP configuration.", "AzureFirewallIpConfigurationNotFound"
            )
        _check_subnet(new, "AzureFirewallInvalidSubnetName", "AzureFirewallSubnet")
        _check_public(call, new, "AzureFirewallPublicIPAddressInvalidSku")
    policy = call.state.get((new.properties.get("firewallPolicy") or {}).get("id", "").lower())
    if policy and _TIERS[policy.properties["sku"]["tier"]] > _TIERS[sku["tier"]]:
        raise bad_request(
            f"Azure Firewall {new.id} of tier {sku['tier']} cannot use policy {policy.id} of tier"
            f" {policy.properties['sku']['tier']}.",
            "AzureFirewallPolicySkuTierMismatch",
        )
    if policy and any(new.properties.get(f"{kind}RuleCollections") for kind in ("application", "nat", "network")):
        raise bad_request(
            f"Azure Firewall {new.id} has a policy and rule collections of its own; it takes one of them.",
            "AzureFirewallRuleCollectionsNotAllowedWithPolicy",
        )
    _place(call, new, old)


def _show_firewall(_call: Call, resource: Resource, body: Json) -> None:
    body["etag"] = f'W/"{resource.etag}"'
    if "zones" in resource.body:
        body["zones"] = resource.body["zones"]


def _check_policy(_call: Call, new: Resource, _old: Resource | None) -> None:
    tier = new.properties["sku"]["tier"]
    for feature in ("intrusionDetection", "transportSecurity"):
        if new.properties.get(feature) and tier != "Premium":
            raise bad_request(
                f"Firewall policy {new.id} of tier {tier} has {feature}, which needs tier Premium.",
                "FirewallPolicyFeatureNotSupportedInSkuTier",
                f"properties.{feature}",
            )


def _show_policy(call: Call, resource: Resource, body: Json) -> None:
    show_etag(call, resource, body)
    body["properties"]["firewalls"] = users(call, resource, "/azurefirewalls/")
    body["properties"]["ruleCollectionGroups"] = [
        {"id": group.id} for group in call.state.children(resource.key, RULES)
    ]


def _check_rules(_call: Call, new: Resource, _old: Resource | None) -> None:
    """Priorities in range and apart, one kind of rule in a collection, and each rule with both its ends.

    Raises:
        ArmError: 400 with Azure Firewall's code.
    """
    _check_priority(new.id, new.properties["priority"])
    seen: dict[int, str] = {}
    for collection in new.properties.get("ruleCollections") or []:
        name, priority = collection.get("name", ""), collection.get("priority")
        _check_priority(f"{new.id}/{name}", priority)
        if priority in seen:
            raise bad_request(
                f"Rule collections {seen[priority]} and {name} of {new.id} have the same priority {priority}.",
                "FirewallPolicyRuleCollectionDuplicatePriority",
            )
        seen[priority] = name
        kinds = {str(rule.get("ruleType", "")).lower() for rule in collection.get("rules") or []}
        if len(kinds) > 1:
            raise bad_request(
                f"Rule collection {name} of {new.id} mixes kinds of rules: {', '.join(sorted(kinds))}.",
                "FirewallPolicyRuleCollectionMixedRuleTypes",
            )
        for rule in collection.get("rules") or []:
            _check_rule(new.id, rule)


def _check_priority(owner: str, priority: object) -> None:
    if not isinstance(priority, int) or not PRIORITIES[0] <= priority <= PRIORITIES[1]:
        raise bad_request(
            f"{owner} has priority {priority}. Allowed range {PRIORITIES[0]}-{PRIORITIES[1]}.",
            "FirewallPolicyRuleCollectionGroupInvalidPriority",
        )


def _check_rule(owner: str, rule: Json) -> None:
    name, kind = rule.get("name"), str(rule.get("ruleType", "")).lower()
    if kind not in _FILTERS:
        return
    if not rule.get("sourceAddresses") and not rule.get("sourceIpGroups"):
        raise bad_request(f"Rule {name} of {owner} has no source.", "FirewallPolicyRuleInvalidSource")
    ends = (
        ("targetFqdns", "fqdnTags", "targetUrls", "webCategories")
        if kind == "applicationrule"
        else ("destinationAddresses", "destinationFqdns", "destinationIpGroups")
    )
    given = [end for end in ends if rule.get(end)]
    if not given:
        raise bad_request(f"Rule {name} of {owner} has none of {', '.join(ends)}.", "FirewallPolicyRuleInvalidTarget")
    if kind == "applicationrule" and "fqdnTags" in given and len(given) > 1:
        raise bad_request(f"Rule {name} of {owner} has fqdnTags beside {given[0]}.", "FirewallPolicyRuleInvalidTarget")
    if kind == "networkrule" and not (rule.get("destinationPorts") and rule.get("ipProtocols")):
        raise bad_request(f"Network rule {name} of {owner} has no port or protocol.", "FirewallPolicyRuleInvalidPort")


def _check_bastion(call: Call, new: Resource, old: Resource | None) -> None:
    _check_subnet(new, "BastionHostSubnetNameInvalid", "AzureBastionSubnet")
    _check_public(call, new, "BastionHostPublicIPAddressInvalidSku")
    basic = new.body["sku"]["name"] in {"Basic", "Developer"}
    for feature in ("enableTunneling", "enableIpConnect", "enableShareableLink", "enableFileCopy"):
        if basic and new.properties.get(feature):
            raise bad_request(
                f"Bastion host {new.id} of SKU {new.body['sku']['name']} has {feature}, which needs Standard.",
                "BastionHostFeatureNotSupportedInSku",
                f"properties.{feature}",
            )
    if old and new.body.get("zones") != old.body.get("zones"):
        raise ArmError(409, "PropertyChangeNotAllowed", f"The zones of {new.id} cannot change.")
    _place(call, new, old)
    new.properties.setdefault("dnsName", f"bst-{new.etag}.bastion.azure.com")


def _standing(first: tuple[Reference, ...]) -> tuple[Reference, ...]:
    part = f"properties.{_CONFIGURATIONS}.*.properties"
    return (
        Reference(f"{part}.subnet.id", _SUBNET),
        Reference(f"{part}.publicIPAddress.id", ADDRESS),
        *first,
    )


TYPES = (
    ResourceType(
        name=FIREWALL,
        tracked=True,
        name_rule=name_rule(56),
        references=_standing((Reference("properties.firewallPolicy.id", POLICY),)),
        enums={
            "properties.sku.name": ("AZFW_VNet", "AZFW_Hub"),
            "properties.sku.tier": tuple(_TIERS),
            "properties.threatIntelMode": ("Alert", "Deny", "Off"),
        },
        defaults={
            "properties.sku.name": "AZFW_VNet",
            "properties.sku.tier": "Standard",
            "properties.threatIntelMode": "Alert",
        },
        duration=360,
        delete_duration=240,
        check=_check_firewall,
        present=_show_firewall,
    ),
    ResourceType(
        name=POLICY,
        tracked=True,
        name_rule=name_rule(80),
        enums={
            "properties.sku.tier": tuple(_TIERS),
            "properties.threatIntelMode": ("Alert", "Deny", "Off"),
            "properties.intrusionDetection.mode": ("Off", "Alert", "Deny"),
        },
        defaults={"properties.sku.tier": "Standard", "properties.threatIntelMode": "Alert"},
        in_use_code="FirewallPolicyInUse",
        duration=10,
        delete_duration=10,
        check=_check_policy,
        present=_show_policy,
    ),
    ResourceType(
        name=RULES,
        name_rule=name_rule(80),
        required=("properties.priority",),
        duration=20,
        delete_duration=20,
        check=_check_rules,
        present=show_etag,
    ),
    ResourceType(
        name=BASTION,
        tracked=True,
        name_rule=name_rule(80),
        references=_standing(()),
        enums={"sku.name": ("Basic", "Standard", "Developer", "Premium")},
        defaults={"sku.name": "Standard", "properties.scaleUnits": 2},
        duration=330,
        delete_duration=300,
        check=_check_bastion,
        present=show_etag,
    ),
)
