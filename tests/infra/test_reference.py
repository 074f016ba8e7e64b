"""Prod is the reference: each row of its tables is there, and nothing has a door to the internet."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from infra.policy.conditions import get
from infra.policy.model import Resource
from tests.infra import program
from tests.infra.doors import DOORS, WITHOUT, Addresses, Door, open_doors
from tests.infra.planned import deployment_of, resources_of
from tests.infra.policy_mutations import GONE, add, drop, put, rule_of
from tests.infra.program import Deployment, each, guid
from tests.infra.reference import ADMINISTRATOR, API_ZONE, APPROVER, DEPLOYER, ELSEWHERE, LINKS, ROLES, Link, Role

Plan = dict[str, Resource]

pytestmark = pytest.mark.xdist_group("prod")


def prod() -> Deployment:
    return program.deployed("prod")


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link.target}-{link.group}")
def test_each_private_endpoint_of_the_reference_is_there_with_its_names(link: Link) -> None:
    target = next(made.id for made in prod().resources if made.name == link.target)
    (endpoint,) = [
        made
        for made in prod().all("network:PrivateEndpoint")
        for one in made.inputs["privateLinkServiceConnections"]
        if (one["privateLinkServiceId"], one["groupIds"]) == (target, [link.group])
    ]
    (records,) = [
        made
        for made in prod().all("PrivateDnsZoneGroup")
        if made.inputs["privateEndpointName"] == endpoint.inputs["privateEndpointName"]
    ]
    zones = [one["privateDnsZoneId"].rsplit("/", 1)[-1] for one in records.inputs["privateDnsZoneConfigs"]]
    assert sorted(zones) == sorted(link.zones)


def test_no_private_endpoint_is_there_that_the_reference_lacks() -> None:
    assert len(prod().all("network:PrivateEndpoint")) == len(LINKS)


def test_the_api_server_has_its_name_in_a_zone_of_the_environment() -> None:
    zone = next(made for made in prod().all("PrivateZone") if made.inputs["privateZoneName"] == API_ZONE)
    assert prod().one("ManagedCluster").inputs["apiServerAccessProfile"]["privateDNSZone"] == zone.id


@cache
def _assigned() -> set[tuple[str, str, str]]:
    """Principal, role and scope of every assignment."""
    return {
        (one.inputs["principalId"], one.inputs["roleDefinitionId"].rsplit("/", 1)[-1], one.inputs["scope"])
        for one in prod().all("RoleAssignment")
    }


def _principal(who: str) -> str:
    personas = program.configuration("prod")["personas"]
    if who in personas:
        return str(personas[who]["objectId"])
    made = next(one for one in prod().resources if one.name == who)
    return guid("principal", made.inputs.get("resourceName") or made.inputs["workspaceName"])


@pytest.mark.parametrize("role", ROLES, ids=lambda role: f"{role.who}-{role.role[:8]}-{len(role.scopes)}")
def test_each_role_of_the_reference_is_assigned(role: Role) -> None:
    ids = {made.name: made.id for made in prod().resources}
    for scope in each(role.scopes):
        assert (_principal(role.who), role.role, ids[scope]) in _assigned(), scope


def test_roles_that_prod_does_without_have_their_reason() -> None:
    assert all(ELSEWHERE.values())
    staging = {
        one.inputs["roleDefinitionId"].rsplit("/", 1)[-1] for one in program.deployed("staging").all("RoleAssignment")
    }
    assert APPROVER in staging
    assert APPROVER not in {role for _, role, _ in _assigned()}


def test_the_deployer_has_its_roles() -> None:
    """On the group, within which workspace and registry are made: it deploys them and can't name them before."""
    made = program.run("prod", folder="infra/bootstrap")
    identity, group = made.one("UserAssignedIdentity", "deployer-identity"), made.one("ResourceGroup", "group")
    assigned = {
        (one.inputs["principalId"], one.inputs["roleDefinitionId"].rsplit("/", 1)[-1], one.inputs["scope"]): one
        for one in made.all("RoleAssignment")
    }
    for role in each(DEPLOYER):
        given = assigned[guid("principal", identity.inputs["resourceName"]), role, group.id].inputs
        assert given["principalType"] == "ServicePrincipal"
        assert bool(given.get("condition")) == (role == ADMINISTRATOR), "who hands out roles may not hand out any"


@cache
def _bodies(mode: str) -> Plan:
    values = program.configuration("prod")
    return resources_of(deployment_of("prod", {**values, "network": {**values["network"], "mode": mode}}))


def bodies(mode: str = "byo") -> Plan:
    """What goes to Azure, by logical name."""
    return copy.deepcopy(_bodies(mode))


@pytest.mark.parametrize("mode", ["byo", "managed"])
def test_nothing_has_a_door_to_the_internet(mode: Any) -> None:
    planned = bodies(mode)
    assert len(planned) > 200
    assert open_doors(list(planned.values())) == []


def test_no_service_of_the_cluster_has_a_public_load_balancer() -> None:
    internal = "service.beta.kubernetes.io/azure-load-balancer-internal"
    services = [*prod().all("core/v1:Service"), *prod().all("core/v1:ServicePatch")]
    assert [made.inputs["metadata"]["annotations"][internal] for made in each(services)] == ["true"]
    assert not [made for made in prod().resources if made.type.startswith("kubernetes:networking.k8s.io")]


def test_no_type_is_both_open_and_shut_by_nature() -> None:
    assert not DOORS.keys() & WITHOUT.keys()


def _doors() -> Iterator[tuple[str, Door | Addresses]]:
    return ((type_, door) for type_, doors in DOORS.items() for door in doors)


def _opened(plan: Plan, type_: str, door: Door | Addresses) -> str:
    """One door opened, or left to Azure's default where that is open; the resource whose it is."""
    one = next((one for one in plan.values() if _has(one, type_, door)), None)
    if one is None:
        add("added", type_, f"{type_}/added", MADE[type_])(plan)
        one = plan["added"]
    path = door.path.replace(".*.", "[0].")
    if isinstance(door, Addresses):
        halves = ("0.0.0.0/1", "128.0.0.0/1")
        put(one.label, path, [{door.key: half} if door.key else half for half in halves])(plan)
    else:
        put(one.label, path, GONE if door.absent not in (*door.shut, None) else _other(door))(plan)
    return one.label


def _has(one: Resource, type_: str, door: Door | Addresses) -> bool:
    head, star, _ = door.path.partition(".*.")
    chosen = isinstance(door, Addresses) or door.of is None or get(one.body, door.of[0]) == door.of[1]
    return one.type == type_ and chosen and bool(not star or get(one.body, head))


def _other(door: Door) -> Any:
    return not door.shut[0] if door.shut and isinstance(door.shut[0], bool) else "Other"


MADE: dict[str, dict[str, Any]] = {
    "Microsoft.MachineLearningServices/workspaces/computes": {
        "properties": {"computeType": "ComputeInstance", "properties": {"enableNodePublicIp": False}}
    },
    "Microsoft.Synapse/workspaces/firewallRules": {"properties": {}},
    "Microsoft.Network/azureFirewalls": {"properties": {"natRuleCollections": [{}]}},
}


@pytest.mark.parametrize(("type_", "door"), list(_doors()), ids=lambda value: getattr(value, "path", value))
def test_each_door_is_seen_when_it_is_open(type_: str, door: Door | Addresses) -> None:
    plan = bodies()
    opened = _opened(plan, type_, door)
    found = open_doors(list(plan.values()))
    assert found
    assert all(one.startswith(f"{opened}: {door.path}") for one in found), found


OPENED = {
    "an inbound rule": rule_of("network-nsg-endpoints", sourceAddressPrefix="Internet"),
    "two halves": rule_of("network-nsg-endpoints", sourceAddressPrefixes=["0.0.0.0/1", "128.0.0.0/1"]),
    "everything of version 6": rule_of("network-nsg-endpoints", sourceAddressPrefix="::/0"),
    "a subnet without a group": put("network-vnet", "properties.subnets[0].properties.networkSecurityGroup", GONE),
    "an address nobody holds": drop("hub-firewall"),
    "an unknown type": add("new", "Microsoft.Web/sites", "Microsoft.Web/sites/new", {"properties": {}}),
}


@pytest.mark.parametrize("name", sorted(OPENED))
def test_what_is_no_field_of_one_resource_is_seen_too(name: str) -> None:
    plan = bodies()
    OPENED[name](plan)
    assert open_doors(list(plan.values()))
