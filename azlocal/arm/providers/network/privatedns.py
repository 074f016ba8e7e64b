"""Private DNS zones, their links and records, and the zone groups that keep a private endpoint's records."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.deletes import purge
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.arm.present import body_of
from azlocal.arm.providers.network.common import show_etag
from azlocal.arm.types import Json, NameRule, Reference, ResourceType
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

ZONE = "Microsoft.Network/privateDnsZones"
LINK = f"{ZONE}/virtualNetworkLinks"
GROUP = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
VERSIONS = ("2018-09-01", "2020-01-01", "2020-06-01", "2024-06-01")
RECORDS = {
    "A": "aRecords",
    "AAAA": "aaaaRecords",
    "CNAME": "cnameRecord",
    "MX": "mxRecords",
    "PTR": "ptrRecords",
    "SOA": "soaRecord",
    "SRV": "srvRecords",
    "TXT": "txtRecords",
}
_SINGLE = {"CNAME", "SOA"}
_GROUP_RECORDS = "privateDnsZoneGroupRecord"
_LABEL = r"[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?"

_LIMITS = {
    "maxNumberOfRecordSets": 25000,
    "maxNumberOfVirtualNetworkLinks": 1000,
    "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
}
_SOA = {
    "host": "azureprivatedns.net",
    "email": "azureprivatedns-host.microsoft.com",
    "serialNumber": 1,
    "refreshTime": 3600,
    "retryTime": 300,
    "expireTime": 2419200,
    "minimumTtl": 10,
}


def _check_global(_call: Call, new: Resource, _old: Resource | None) -> None:
    if str(new.body.get("location", "")).lower() != "global":
        raise bad_request(
            f"The location '{new.body.get('location')}' is not available for private DNS: it is 'global'.",
            "LocationNotAvailableForResourceType",
            "location",
        )


def _zone_written(call: Call, new: Resource, old: Resource | None) -> None:
    if old is None:
        soa = {"properties": {"ttl": 3600, "soaRecord": dict(_SOA)}}
        call.state.put(Resource(f"{new.id}/SOA/@", f"{ZONE}/SOA", soa, etag=str(uuid.uuid4())))


def _record_sets(state: State, zone: str) -> list[Resource]:
    return [one for kind in RECORDS for one in state.children(zone, f"{ZONE}/{kind}")]


def _show_zone(call: Call, resource: Resource, body: Json) -> None:
    show_etag(call, resource, body)
    links = call.state.children(resource.key, LINK)
    body["properties"] |= {
        **_LIMITS,
        "numberOfRecordSets": len(_record_sets(call.state, resource.key)),
        "numberOfVirtualNetworkLinks": len(links),
        "numberOfVirtualNetworkLinksWithRegistration": sum(
            bool(link.properties.get("registrationEnabled")) for link in links
        ),
    }


def _zone_deleting(call: Call, zone: Resource) -> None:
    if call.state.children(zone.key, LINK, limit=1):
        raise ArmError(
            409,
            "CannotDeleteResource",
            f"Can not delete resource before nested resources are deleted: the virtual network links of '{zone.id}'.",
        )


def _check_link(call: Call, new: Resource, _old: Resource | None) -> None:
    """One zone of a name for a virtual network, and one that registers its machines."""
    _check_global(call, new, _old)
    zone = new.key.rpartition("/virtualnetworklinks/")[0]
    zone_name = zone.rsplit("/", 1)[-1]
    vnet = new.properties["virtualNetwork"]["id"]
    for key in call.state.referrers(vnet.lower()):
        other, marker, _ = key.rpartition("/virtualnetworklinks/")
        if not marker or key == new.key:
            continue
        if other.rsplit("/", 1)[-1] == zone_name:
            raise bad_request(
                "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link"
                f" virtual network with '{zone_name}' and '{zone_name}' zones.",
                "BadRequest",
            )
        found = call.state.get(key)
        if new.properties.get("registrationEnabled") and found and found.properties.get("registrationEnabled"):
            raise bad_request(
                f"Virtual network {vnet} is already linked to zone '{other.rsplit('/', 1)[-1]}' with registration"
                " enabled; a network registers in one zone.",
                "BadRequest",
            )
    new.properties["virtualNetworkLinkState"] = "Completed"


def _check_record(call: Call, new: Resource, _old: Resource | None) -> None:
    kind = new.type.rsplit("/", 1)[-1]
    field = RECORDS[kind]
    if new.properties.get(field) in (None, []):
        raise bad_request(f"The record set '{new.name}' has no {field}.", "BadRequest", field)
    if kind == "CNAME" or call.state.exists(new.key.replace(f"/{kind.lower()}/", "/cname/", 1)):
        for other in _record_sets(call.state, new.key.rsplit("/", 2)[0]):
            if other.name.lower() == new.name.lower() and other.key != new.key:
                raise bad_request(
                    f"The record set '{new.name}' cannot stand beside another of that name: one is a CNAME.",
                    "BadRequest",
                )


def _show_record(call: Call, resource: Resource, body: Json) -> None:
    show_etag(call, resource, body)
    zone = resource.id.rsplit("/", 3)[-3]
    name = resource.name
    body["properties"] |= {
        "fqdn": f"{zone}." if name == "@" else f"{name}.{zone}.",
        "isAutoRegistered": False,
    }


def _all_records(call: Call) -> ArmResponse:
    if not call.state.exists(call.path.parent.lower()):
        raise ArmError(404, "ParentResourceNotFound", f"The zone '{call.path.parent}' was not found.")
    found = _record_sets(call.state, call.path.parent.lower())
    return ArmResponse(200, {"value": [body_of(call, one) for one in found]})


def _soa_deleting(_call: Call, record: Resource) -> None:
    raise bad_request(f"The SOA record of '{record.id}' cannot be deleted.", "BadRequest")


def _check_group(call: Call, new: Resource, _old: Resource | None) -> None:
    others = call.state.children(new.key.rpartition("/privatednszonegroups/")[0], GROUP)
    if any(other.key != new.key for other in others):
        raise bad_request(
            f"Private endpoint '{call.path.parent}' has a private DNS zone group already: {others[0].name}.",
            "MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed",
        )
    zones: set[str] = set()
    for config in new.properties.get("privateDnsZoneConfigs") or []:
        zone = config["properties"]["privateDnsZoneId"].lower().rsplit("/", 1)[-1]
        if zone in zones:
            raise bad_request(
                f"The zone group {new.id} names the zone '{zone}' twice.",
                "DuplicatePrivateDnsZonesNotAllowed",
            )
        zones.add(zone)
    endpoint = call.state.get(new.key.rpartition("/privatednszonegroups/")[0])
    if endpoint:
        _check_zones(call.state, new, endpoint, zones)


def _check_zones(state: State, new: Resource, endpoint: Resource, zones: set[str]) -> None:
    """Zones under privatelink must be among those of the endpoint's group; other names are one's own affair.

    Azure takes a wrong one and writes no record, so that the name goes on resolving to the public address: it is
    refused here, where it can still be found.

    Raises:
        ArmError: 400 PrivateDnsZoneDoesNotMatchGroup.
    """
    from azlocal.arm.providers.network.privateendpoints import connections

    targets = [
        (state.get(one["properties"]["privateLinkServiceId"].lower()), one["properties"]["groupIds"][0])
        for one, _ in connections(endpoint)
    ]
    fitting = {zone for target, group in targets if target for zone in privatelink.zones(target, group)}
    wrong = sorted(zone for zone in zones if zone.startswith("privatelink.") and zone not in fitting)
    if fitting and wrong:
        raise bad_request(
            f"The zone group {new.id} names {', '.join(wrong)}; the endpoint's names are in"
            f" {', '.join(sorted(fitting))}.",
            "PrivateDnsZoneDoesNotMatchGroup",
            "properties.privateDnsZoneConfigs",
        )


def _group_written(call: Call, new: Resource, _old: Resource | None) -> None:
    """Write an A record for each of the endpoint's names that belong into one of the zones."""
    _drop_records(call.control, new.key)
    endpoint = call.state.get(new.key.rpartition("/privatednszonegroups/")[0])
    if endpoint is None:
        return
    addresses = {one["fqdn"]: one["ipAddresses"] for one in endpoint.properties.get("customDnsConfigs", [])}
    written: list[str] = []
    for config in new.properties.get("privateDnsZoneConfigs") or []:
        zone_id = config["properties"]["privateDnsZoneId"]
        config["properties"]["recordSets"] = []
        for name in _names(call.state, endpoint):
            if name.zone == zone_id.rsplit("/", 1)[-1].lower() and name.host in addresses:
                record = _record(zone_id, name.record, addresses[name.host])
                call.state.put(record)
                written.append(record.id)
                config["properties"]["recordSets"].append(
                    {
                        "recordType": "A",
                        "recordSetName": name.record,
                        "fqdn": f"{name.record}.{name.zone}",
                        "ttl": 10,
                        "ipAddresses": addresses[name.host],
                        "provisioningState": "Succeeded",
                    }
                )
    call.state.put_document(_GROUP_RECORDS, new.key, written)
    call.state.put(new)


def _names(state: State, endpoint: Resource) -> list[privatelink.Name]:
    from azlocal.arm.providers.network.privateendpoints import connections

    found = []
    for connection, _ in connections(endpoint):
        target = state.get(connection["properties"]["privateLinkServiceId"].lower())
        if target:
            found += privatelink.names(target, connection["properties"]["groupIds"][0])
    return found


def _record(zone_id: str, name: str, addresses: list[str]) -> Resource:
    properties = {
        "ttl": 10,
        "aRecords": [{"ipv4Address": one} for one in addresses],
        "metadata": {"creator": "created by private endpoint"},
    }
    return Resource(f"{zone_id}/A/{name}", f"{ZONE}/A", {"properties": properties}, etag=str(uuid.uuid4()))


def _drop_records(control: ControlPlane, group: str) -> None:
    for record in control.state.document(_GROUP_RECORDS, group) or []:
        purge(control, record.lower())
    control.state.delete_document(_GROUP_RECORDS, group)


def _group_deleted(control: ControlPlane, group: Resource) -> None:
    _drop_records(control, group.key)


_records = tuple(
    ResourceType(
        name=f"{ZONE}/{kind}",
        versions=VERSIONS,
        name_rule=NameRule(
            rf"(@|\*|(\*\.)?{_LABEL}(\.{_LABEL})*)",
            1,
            253,
            "1-253: labels of letters, digits, underscores and hyphens",
            code="BadRequest",
        ),
        provisioning=False,
        defaults={"properties.ttl": 3600} | ({} if kind in _SINGLE else {f"properties.{field}": []}),
        check=_check_record,
        present=_show_record,
        deleting=_soa_deleting if kind == "SOA" else None,
    )
    for kind, field in RECORDS.items()
)

TYPES = (
    ResourceType(
        name=ZONE,
        versions=VERSIONS,
        tracked=True,
        name_rule=NameRule(
            rf"{_LABEL}(\.{_LABEL})+",
            1,
            253,
            "a DNS name of two to 34 labels, such as privatelink.azurecr.io",
            code="BadRequest",
        ),
        duration=30,
        delete_duration=30,
        check=_check_global,
        committed=_zone_written,
        present=_show_zone,
        deleting=_zone_deleting,
    ),
    ResourceType(
        name=LINK,
        versions=VERSIONS,
        tracked=True,
        name_rule=NameRule(
            r"[a-zA-Z0-9]([\w.-]*\w)?",
            1,
            80,
            "1-80 letters, digits, underscores, periods and hyphens",
            code="BadRequest",
        ),
        required=("properties.virtualNetwork.id",),
        references=(Reference("properties.virtualNetwork.id", "Microsoft.Network/virtualNetworks"),),
        defaults={"properties.registrationEnabled": False},
        create_only=("properties.virtualNetwork.id",),
        duration=30,
        delete_duration=30,
        check=_check_link,
        present=show_etag,
    ),
    ResourceType(name=f"{ZONE}/ALL", versions=VERSIONS, provisioning=False, list=_all_records),
    *_records,
    ResourceType(
        name=GROUP,
        name_rule=NameRule(r"[a-zA-Z0-9]([\w.-]*\w)?", 1, 80, "1-80 letters, digits, underscores, periods and hyphens"),
        references=(Reference("properties.privateDnsZoneConfigs.*.properties.privateDnsZoneId", ZONE),),
        duration=10,
        check=_check_group,
        committed=_group_written,
        present=show_etag,
        deleted=_group_deleted,
    ),
)
