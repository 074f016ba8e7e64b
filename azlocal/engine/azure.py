"""azure-native's resources and functions as requests to Azure's control plane."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from azlocal.engine.errors import TAKEN, ArmCallError, RefusedError, ResourceError
from azlocal.engine.ports import Port, Reply, call, raise_for
from azlocal.engine.provider import Checked, Difference, Goal, Holder, Json, refuse_others
from azlocal.engine.tables import AzureType, all_types, find_type
from azlocal.engine.tables.base import arm_type_of
from azlocal.engine.values import reveal
from azlocal.engine.versions import api_version
from azlocal.engine.wire import from_wire, to_wire

RESOURCE_GROUP = "resources:ResourceGroup"
RESOURCE_GROUPS_VERSION = "2022-09-01"
CLIENT_CONFIG = "azure-native:authorization:getClientConfig"
# An explicit provider's inputs that count, and those that change nothing here: partner and instance discovery.
PROVIDER_INPUTS = frozenset(
    {
        "subscriptionId", "location", "tenantId", "environment", "partnerId", "disablePulumiPartnerId",
        "disableInstanceDiscovery", "useDefaultAzureCredential", "version",
    }
)  # fmt: skip
WHOLE_IDS = {"scope", "resourceUri", "resourceId"}  # path inputs that are ids themselves


class AzureProvider:
    """The ``azure-native`` package on one control plane.

    Args:
        port: where requests go.
        config: the stack's settings; ``azure-native:location`` and ``:subscriptionId`` are honoured.
        suffix: makes the random part of an automatic name, from the resource's URN.
    """

    opaque = False

    def __init__(self, port: Port, config: Mapping[str, str], suffix: Callable[[str], str]) -> None:
        self._port = port
        self._config = config
        self._suffix = suffix
        self._locations: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def check(self, goal: Goal) -> Checked:
        """Name, location, id and request of a goal."""
        row = _row(goal.type)
        inputs = dict(goal.inputs)
        if row.name_input not in inputs:
            inputs[row.name_input] = (goal.old or {}).get(row.name_input) or self._name(row, goal)
        if row.tracked and "location" not in inputs and (location := self._location(row, inputs, goal.settings)):
            inputs["location"] = location
        id_ = self._fill(row.path, inputs, goal.settings, goal.type)
        return Checked(inputs, id_, api_version(goal.type), arm_type_of(id_), _body(row, inputs))

    def diff(self, goal: Goal, checked: Checked) -> Difference | None:
        """Comparing the inputs tells."""
        return None

    def configure(self, name: str, inputs: Json) -> None:
        """Subscription and location count; whose credentials are used is not the program's to say here."""
        refuse_others(name, inputs, PROVIDER_INPUTS, "leave them out: the engine signs in by itself")

    def place(self, settings: Json) -> str:
        """There is one Azure; a subscription is part of every id."""
        return ""

    def create_only(self, type_: str, settings: Json) -> tuple[str, ...]:
        """The table's, and everything in the id."""
        row = _row(type_)
        return row.path_inputs + row.create_only

    def exists(self, goal: Goal, checked: Checked) -> bool:
        """GET: 404 means free (azure-native, ``CanCreate``)."""
        return self._get(checked.id, checked.api_version).status != 404

    def refuse_taken(self, goal: Goal, checked: Checked) -> None:
        """The probe before a create; what comes with its parent is always there, and what stays may have stayed."""
        row = _row(goal.type)
        if not row.singleton and not row.stays and self.exists(goal, checked):
            raise ResourceError(TAKEN, f"cannot create already existing resource '{checked.id}'")

    def create(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """PUT."""
        row = _row(goal.type)
        for name in row.maintain:
            checked.body.setdefault("properties", {}).setdefault(name, [])
        return self._put(row, checked, timeout)

    def update(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """PUT with all inputs; lists that others may own keep what they hold."""
        row = _row(goal.type)
        properties = checked.body.setdefault("properties", {}) if row.maintain else {}
        if missing := [name for name in row.maintain if name not in properties]:
            current = self._get(checked.id, checked.api_version).body or {}
            for name in missing:
                properties[name] = (current.get("properties") or {}).get(name, [])
        return self._put(row, checked, timeout)

    def read(self, goal: Goal, id_: str, version: str = "") -> Json | None:
        """GET, as outputs."""
        version = version or api_version(goal.type)
        reply = self._get(id_, version)
        return None if reply.status == 404 else _outputs(_row(goal.type), reply.body, version)

    def delete(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """DELETE; what has none of its own goes back to Azure's defaults."""
        row = _row(goal.type)
        try:
            if row.singleton:
                call(self._port, "PUT", id_, api_version, {"properties": {}}, timeout=timeout)
            else:
                query = row.purge_query if goal.forever else {}
                call(self._port, "DELETE", id_, api_version, query=query, timeout=timeout)
        except ArmCallError as error:
            if error.status != 404:
                raise

    def holds(self, type_: str) -> str:
        """The table's."""
        return _row(type_).holds

    def stays(self, type_: str) -> str:
        """The table's."""
        return _row(type_).stays

    def keeps(self, goal: Goal) -> bool:
        """Where the table says how to recover it, unless its DELETE was final."""
        row = _row(goal.type)
        return bool(row.recover) and not (goal.forever and row.purge_query)

    def held_by(self, goal: Goal, checked: Checked, error: ResourceError) -> Holder | None:
        """From Azure's list of what it keeps, or where there is none, from its words."""
        row = _row(goal.type)
        if not row.recover or not isinstance(error, ArmCallError) or error.status != 409:
            return None
        told = ", ".join(f"{name}={json.dumps(value)}" for name, value in row.recover.items())
        if not row.deleted_path:
            soft = "soft-deleted" in error.message.lower()
            purging = f"DELETE {checked.id}?{urlencode(row.purge_query)}"
            return Holder(checked.id, purging, f"a PUT of it with {told}") if soft else None
        kept = self._kept(row, goal, checked)
        if kept is None:
            return None
        vault = kept["properties"]
        recovering = f"a PUT of {vault['vaultId']} with {told}"
        until, protected = vault.get("scheduledPurgeDate", ""), vault.get("purgeProtectionEnabled") is True
        return Holder(vault["vaultId"], f"POST {kept['id']}/purge", recovering, until, protected)

    def purge(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """POST where Azure has an operation for it, or the DELETE that keeps nothing."""
        row = _row(goal.type)
        try:
            if row.deleted_path:
                path = self._fill(row.deleted_path, goal.inputs, goal.settings, goal.type)
                call(self._port, "POST", f"{path}/purge", api_version, timeout=timeout)
            elif row.purge_query:
                call(self._port, "DELETE", id_, api_version, query=row.purge_query, timeout=timeout)
        except ArmCallError as error:
            if error.status != 404:
                raise

    def recover(self, goal: Goal, checked: Checked, timeout: float) -> None:
        """A PUT that says so, of what is wanted."""
        row = _row(goal.type)
        try:
            if row.deleted_path and self._kept(row, goal, checked) is None:
                return
        except ArmCallError as error:
            if error.status != HTTPStatus.FORBIDDEN:  # who may not list what is deleted may bring back its own
                raise
        properties = {**(checked.body.get("properties") or {}), **row.recover}
        call(
            self._port,
            "PUT",
            checked.id,
            checked.api_version,
            {**checked.body, "properties": properties},
            timeout=timeout,
        )

    def _kept(self, row: AzureType, goal: Goal, checked: Checked) -> Json | None:
        """What Azure keeps under the name that is wanted, wherever it was."""
        path = re.sub(r"/locations/\{location\}(/\w+)/.*", r"\1", row.deleted_path)
        reply = self._port.send(
            "GET", self._fill(path, checked.inputs, goal.settings, goal.type), {"api-version": checked.api_version}
        )
        raise_for(reply, f"GET {path}")
        name = checked.id.rsplit("/", 1)[-1].lower()
        return next((dict(one) for one in reply.body["value"] if one["name"].lower() == name), None)

    def invoke(self, token: str, arguments: Json, settings: Json) -> Json:
        """A function: who am I, a read, or a POST of the table."""
        if token == CLIENT_CONFIG:
            identity = self._port.identity
            return {
                "clientId": identity.client_id,
                "objectId": identity.object_id,
                "subscriptionId": self._subscription(settings),
                "tenantId": identity.tenant_id,
            }
        _, module, name = token.split(":")
        key = f"{module.partition('/')[0]}:{name}"
        if row := _read_row(key):
            return self._invoke_read(row, token, arguments, settings)
        return self._invoke_post(key, token, arguments, settings)

    def _invoke_read(self, row: AzureType, token: str, arguments: Json, settings: Json) -> Json:
        version = api_version(token)
        id_ = self._fill(row.path, arguments, settings, token)
        with _asked_of(id_):
            reply = self._get(id_, version)
            raise_for(reply, f"GET {id_}")
        return _outputs(row, reply.body, version)

    def _invoke_post(self, key: str, token: str, arguments: Json, settings: Json) -> Json:
        from azlocal.engine.tables.functions import FUNCTIONS

        row = FUNCTIONS.get(key)
        if row is None:
            raise RefusedError(
                f"the function '{token}' is not served by this engine",
                "add a row for it to azlocal/engine/tables/functions.py",
            )
        in_path = set(re.findall(r"{(\w+)}", row.path))
        body = {name: value for name, value in arguments.items() if name not in in_path | row.queries}
        query = {name: str(arguments[name]) for name in row.queries if name in arguments}
        path = self._fill(row.path, arguments, settings, token)
        with _asked_of(path.rpartition("/")[0]):
            reply = call(self._port, "POST", path, api_version(token), reveal(body) or None, query=query)
        return dict(reply.body or {})

    def _put(self, row: AzureType, checked: Checked, timeout: float) -> Json:
        query = {
            wire: _query_text(reveal(checked.inputs[name]))
            for name, wire in row.queries.items()
            if name in checked.inputs
        }
        reply = call(self._port, "PUT", checked.id, checked.api_version, checked.body, query=query, timeout=timeout)
        return _outputs(row, reply.body, checked.api_version)

    def _get(self, id_: str, version: str) -> Reply:
        reply = self._port.send("GET", id_, {"api-version": version})
        if reply.status != 404:
            raise_for(reply, f"GET {id_}")
        return reply

    def _name(self, row: AzureType, goal: Goal) -> str:
        if row.auto_name == "default":
            return "default"
        if row.auto_name == "uuid":
            return str(uuid.uuid5(uuid.NAMESPACE_URL, goal.urn + self._suffix(goal.urn)))
        return goal.name if row.auto_name == "copy" else goal.name + self._suffix(goal.urn)

    def _location(self, row: AzureType, inputs: Json, settings: Json) -> str | None:
        """The setting, or else the resource group's own (azure-native, "Location")."""
        given = settings.get("location") or self._config.get("azure-native:location")
        if given or row.token == RESOURCE_GROUP:
            return str(reveal(given)) if given else None
        group = str(reveal(inputs.get("resourceGroupName")))
        with self._lock:
            if group not in self._locations:
                id_ = f"/subscriptions/{self._subscription(settings)}/resourceGroups/{group}"
                found = self._get(id_, RESOURCE_GROUPS_VERSION)
                self._locations[group] = (found.body or {}).get("location") if found.status == 200 else None
            return self._locations[group]

    def _subscription(self, settings: Json) -> str:
        given = settings.get("subscriptionId") or self._config.get("azure-native:subscriptionId")
        return str(reveal(given) or self._port.identity.subscription_id)

    def _fill(self, path: str, inputs: Json, settings: Json, what: str) -> str:
        """The path with the inputs in their places."""

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name == "subscriptionId":
                return self._subscription(settings)
            given = reveal(inputs.get(name))
            if not isinstance(given, str) or not given:
                raise ResourceError("MissingInput", f"'{name}' of {what} must be a text, but is {given!r}")
            return given.strip("/") if name in WHOLE_IDS else given

        return re.sub(r"{(\w+)}", value, path)


@contextlib.contextmanager
def _asked_of(id_: str) -> Iterator[None]:
    """A refusal within says which resource was asked."""
    try:
        yield
    except ArmCallError as error:
        error.asked = id_
        raise


def _row(type_: str) -> AzureType:
    row = find_type(type_)
    if row is None:
        raise RefusedError(
            f"the resource type '{type_}' is not served by this engine",
            "add a row for it to azlocal/engine/tables, or leave it out of this environment",
        )
    return row


def _read_row(key: str) -> AzureType | None:
    """The row of the type that a ``getSomething`` reads."""
    module, _, name = key.partition(":")
    return all_types().get(f"{module}:{name[3:]}") if name.startswith("get") else None


def _body(row: AzureType, inputs: Json) -> Json:
    left = {*row.path_inputs, *row.queries}
    body: Any = to_wire(reveal({name: value for name, value in inputs.items() if name not in left}), row.shape)
    return dict(body)


def _outputs(row: AzureType, body: Any, version: str) -> Json:
    return {**from_wire(body or {}, row.shape), "azureApiVersion": version}


def _query_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
