"""Online endpoints: who may call them, how their traffic is split, and their keys.

Rules: Microsoft Learn, "Online endpoints YAML reference", "Safe rollout for online endpoints" (mirrored traffic),
"Naming rules" in "Manage and increase quotas" (endpoint limits).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning import deployments, scoringhosts
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action, NameRule, ResourceType
from azlocal.machinelearning.endpoints import keys
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

ENDPOINT = f"{WORKSPACE}/onlineEndpoints"
_MOST_MIRRORED = 50  # percent
_TRAFFIC, _MIRROR = "properties.traffic", "properties.mirrorTraffic"


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    _check_place(call, new)
    if properties.get("compute"):
        scoringhosts.check_compute(call, str(properties["compute"]))
    if old and bool(properties.get("compute")) != bool(old.properties.get("compute")):
        raise bad_request(
            f"The endpoint '{new.name}' cannot change between managed and Kubernetes: delete it first.",
            "UserError",
            "properties.compute",
        )
    if old is None:
        _check_free(call, new)
    _check_traffic(call, new)
    _check_mirror(call, new)


def _check_place(call: Call, new: Resource) -> None:
    workspace = call.state.get(call.path.parent.lower())
    if workspace and normalize(workspace.body["location"]) != normalize(new.body["location"]):
        raise bad_request(
            f"The endpoint '{new.name}' is in '{new.body['location']}', its workspace in"
            f" '{workspace.body['location']}': an endpoint lives in its workspace's region.",
            "UserError",
            "location",
        )


def _check_free(call: Call, new: Resource) -> None:
    """A name is unique in its region, since the host is made of it."""
    region = normalize(new.body["location"])
    for other in call.state.of_type(ENDPOINT):
        same_region = normalize(other.body.get("location", "")) == region
        if other.name.lower() == new.name.lower() and same_region and other.key != new.key:
            raise ArmError(
                409,
                "EndpointNameNotAvailable",
                f"The endpoint name '{new.name}' is already taken in the region '{region}': it must be unique there."
                " Choose another.",
                target="name",
            )


def _shares(call: Call, new: Resource, path: str, name: str) -> dict[str, int]:
    given = new.properties.get(name) or {}
    if not isinstance(given, dict):
        raise bad_request(f"'{path}' must map names of deployments to percentages.", "UserError", path)
    shares: dict[str, int] = {}
    for deployment, share in given.items():
        if isinstance(share, bool) or not isinstance(share, int) or not 0 <= share <= 100:
            raise bad_request(
                f"'{path}' gives '{deployment}' {share!r}; a percentage is a whole number from 0 to 100.",
                "UserError",
                path,
            )
        if share and not call.state.exists(f"{call.key}/deployments/{deployment}".lower()):
            raise bad_request(
                f"'{path}' names the deployment '{deployment}', which the endpoint '{new.name}' does not have.",
                "UserError",
                path,
            )
        shares[deployment] = share
    return shares


def _check_traffic(call: Call, new: Resource) -> None:
    shares = _shares(call, new, _TRAFFIC, "traffic")
    if sum(shares.values()) not in {0, 100}:
        listed = ", ".join(f"{name} {share}" for name, share in shares.items())
        raise bad_request(
            f"The traffic of the endpoint '{new.name}' sums to {sum(shares.values())} ({listed}); it must sum to 0 or"
            " 100.",
            "UserError",
            _TRAFFIC,
        )


def _check_mirror(call: Call, new: Resource) -> None:
    shares = {name: share for name, share in _shares(call, new, _MIRROR, "mirrorTraffic").items() if share}
    if not shares:
        return
    if new.properties.get("compute"):
        raise bad_request(
            "Mirrored traffic is not supported for Kubernetes online endpoints: only a managed online endpoint can copy"
            " its live traffic to a deployment.",
            "UserError",
            _MIRROR,
        )
    if len(shares) > 1 or sum(shares.values()) > _MOST_MIRRORED:
        raise bad_request(
            f"Mirrored traffic goes to one deployment and is at most {_MOST_MIRRORED} percent; given: {shares}.",
            "UserError",
            _MIRROR,
        )
    live = new.properties.get("traffic") or {}
    if both := [name for name in shares if live.get(name)]:
        raise bad_request(
            f"The deployment '{both[0]}' has live traffic; it can receive live or mirrored traffic, not both.",
            "UserError",
            _MIRROR,
        )


def _complete(call: Call, new: Resource, _old: Resource | None) -> None:
    properties = new.properties
    properties.pop("keys", None)  # kept apart: ``_committed``
    for name in ("traffic", "mirrorTraffic", "properties"):
        properties[name] = properties.get(name) or {}
    scheme, address = scoringhosts.address(call, new)
    properties["scoringUri"] = f"{scheme}://{address}/score"
    properties["swaggerUri"] = f"{scheme}://{address}/swagger.json"
    new.body["kind"] = "K8S" if properties.get("compute") else "Managed"


def _committed(call: Call, new: Resource, old: Resource | None) -> None:
    if old is None:
        given = (call.request.body or {}).get("properties") or {}
        keys.create(call.state, new.key, given.get("keys") or {})


def _keys(call: Call, endpoint: Resource, wanted: str) -> keys.Keys:
    mode = str(endpoint.properties.get("authMode"))
    found = keys.read(call.state, endpoint.key)
    if found is None or mode.lower() != wanted.lower():
        raise bad_request(
            f"The endpoint '{endpoint.name}' has the authMode '{mode}'; this operation is for '{wanted}'.",
            "UserError",
            "properties.authMode",
        )
    return found


def _list_keys(call: Call, endpoint: Resource) -> ArmResponse:
    return ArmResponse(200, _keys(call, endpoint, "Key").shown())


def _regenerate_keys(call: Call, endpoint: Resource) -> ArmResponse:
    _keys(call, endpoint, "Key")
    body = call.request.body or {}
    which = str(body.get("keyType", ""))
    if which.lower() not in keys.NAMES:
        raise bad_request(f"'keyType' is '{which}'; it must be Primary or Secondary.", "UserError", "keyType")
    keys.regenerate(call.state, endpoint.key, which, body.get("keyValue"))
    return ArmResponse(200, ready=_tell(call, endpoint))


def _tell(call: Call, endpoint: Resource) -> asyncio.Task[None] | None:
    """The running router reads the endpoint anew, so that an old key ends with the answer."""
    effects = call.control.effects.get(ENDPOINT.lower())
    if effects is None or effects.put is None or call.control.spawn is None:
        return None

    async def tell() -> None:
        if effects.put:
            await effects.put(endpoint)

    return call.control.spawn(tell())


def _token(call: Call, endpoint: Resource) -> ArmResponse:
    found = _keys(call, endpoint, "AMLToken")
    answer: dict[str, Any] = keys.token(found, endpoint.key, call.principal.object_id, call.control.clock())
    return ArmResponse(200, answer)


NAME = NameRule(
    r"[A-Za-z](-?[A-Za-z0-9])*", 3, 32, "3-32 letters, digits and single hyphens, a letter first and no hyphen last",
    code="UserError",
)  # fmt: skip

TYPE = ResourceType(
    name=ENDPOINT,
    tracked=True,
    system_data=True,
    name_rule=NAME,
    required=("properties.authMode",),
    enums={
        "properties.authMode": ("Key", "AMLToken", "AADToken"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
    },
    defaults={"identity.type": "SystemAssigned", "properties.publicNetworkAccess": "Enabled"},
    create_only=("properties.compute",),
    duration=60,
    delete_duration=60,
    actions={
        "listKeys": Action(_list_keys),
        "regenerateKeys": Action(_regenerate_keys),
        "token": Action(_token),
    },
    check=_check,
    complete=_complete,
    committed=_committed,
)

TYPES = (TYPE, deployments.TYPE)
