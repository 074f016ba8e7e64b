"""Runs the unmodified program under Pulumi's mocks and keeps what it registered."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import pickle
import runpy
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
import yaml
from pulumi import resource as pulumi_resource
from pulumi.runtime import config, mocks, rpc, settings, stack
from pulumi.runtime import resource as runtime_resource
from pulumi.runtime.proto.source_pb2 import StackTrace

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "azure-ml-platform"
PICKLER: Any = pickle._Pickler  # the pure one, which dill is made to use
SUBSCRIPTION = "22222222-0000-4000-8000-000000000001"
TENANT = "22222222-0000-4000-8000-000000000002"
ENVIRONMENTS = sorted(path.name.split(".")[1] for path in (ROOT / "environments").glob("Pulumi.*.yaml"))


@dataclass(frozen=True)
class Registered:
    """A resource as the program registered it."""

    urn: str
    id: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    secret_inputs: frozenset[str]
    replace_on_changes: tuple[str, ...]
    provider: str
    protect: bool
    retained: bool


@dataclass
class Deployment:
    """All that one run registered, and its outputs.

    Args:
        environment: its stack.
        preview: with everything unknown that Azure computes, as the first preview of it.
    """

    environment: str = ""
    preview: bool = False
    resources: list[Registered] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: set[str] = field(default_factory=set)

    def all(self, type_: str) -> list[Registered]:
        """The resources whose type token ends so."""
        return [made for made in self.resources if made.type.endswith(type_)]

    def azure(self) -> list[Registered]:
        """The resources that are Azure's."""
        return [made for made in self.resources if made.type.startswith("azure-native:")]

    def one(self, type_: str, name: str = "") -> Registered:
        """The resource of this type, and of this logical name where there are several."""
        found = [made for made in self.all(type_) if not name or made.name == name]
        assert len(found) == 1, f"{len(found)} of {type_} {name}: {[made.name for made in found]}"
        return found[0]

    def awaits(self, value: Any) -> bool:
        """Whether a value is still to come from Azure, said where a test needs one: of a preview it must be."""
        unknown = rpc.contains_unknowns(value)
        assert unknown == self.preview, f"{value!r} {'is unknown' if unknown else 'is known in a preview: assert it'}"
        return unknown

    def waits_for(self, made: Registered) -> set[str]:
        """Names of everything that exists before a resource, through as many steps as it takes."""
        by_urn = {entry.urn: entry for entry in self.resources}
        seen: set[str] = set()
        todo = [made.urn]
        while todo:
            for urn in by_urn[todo.pop()].depends_on - seen:
                seen.add(urn)
                todo.append(urn)
        return {by_urn[urn].name for urn in seen}


T = TypeVar("T")


def each(items: Iterable[T]) -> Iterator[T]:
    """The items of a loop of assertions; a loop that would assert nothing fails."""
    count = 0
    for item in items:
        count += 1
        yield item
    assert count, "nothing to check: the loop asserted nothing"


def guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(parts)))


class Azure(mocks.Mocks):
    """Answers with what the program reads back: ids of Azure's form, principals, end points.

    Args:
        preview: answer as a preview of what does not exist yet: no id, and no output that was not an input.
    """

    def __init__(self, *, preview: bool = False) -> None:
        self._preview = preview

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        if args.token == "azure-native:authorization:getClientConfig":
            return {
                "subscriptionId": SUBSCRIPTION,
                "tenantId": TENANT,
                "clientId": guid("client"),
                "objectId": guid("object"),
            }, []
        if args.token == "azure-native:containerservice:listManagedClusterUserCredentials":
            return {"kubeconfigs": [{"name": "clusterUser", "value": "YXBpVmVyc2lvbjogdjE="}]}, []
        raise AssertionError(f"unexpected call: {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.resource_id:  # read: it is another team's
            called = args.resource_id.rsplit("/", 1)[-1]
            read_back = {key: make(called) for key, make in READ_BACK.get(args.typ, {}).items()}
            return args.resource_id, {"name": called, **read_back}
        if not args.custom:
            return "", {}
        state: dict[str, Any] = dict(args.inputs)
        given = (state.get("identity") or {}).get("userAssignedIdentities")
        if self._preview:
            if given:  # what they are is Azure's to say
                state["identity"] = {key: value for key, value in state["identity"].items() if value is not given}
            return "", state
        if given:  # a list of ids on the way in, a mapping of what they are on the way out
            read = {id_: {"clientId": guid("client", id_), "principalId": guid("principal", id_)} for id_ in given}
            state["identity"] = {**state["identity"], "userAssignedIdentities": read}
        called = next(
            (value for key, value in args.inputs.items() if key in NAME_KEYS.get(args.typ, ()) and value),
            args.resource_id.rsplit("/", 1)[-1] if args.resource_id else args.name,
        )
        state.setdefault("name", called)
        state |= {key: make(state["name"]) for key, make in READ_BACK.get(args.typ, {}).items()}
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/{args.typ.replace(':', '/')}/{state['name']}", state


NAME_KEYS: dict[str, tuple[str, ...]] = {
    "azure-native:resources:ResourceGroup": ("resourceGroupName",),
    "azure-native:network:VirtualNetwork": ("virtualNetworkName",),
    "azure-native:storage:StorageAccount": ("accountName",),
    "azure-native:storage:BlobContainer": ("containerName",),
    "azure-native:keyvault:Vault": ("vaultName",),
    "azure-native:containerregistry:Registry": ("registryName",),
    "azure-native:operationalinsights:Workspace": ("workspaceName",),
    "azure-native:applicationinsights:Component": ("resourceName",),
    "azure-native:managedidentity:UserAssignedIdentity": ("resourceName",),
    "azure-native:machinelearningservices:Workspace": ("workspaceName",),
    "azure-native:machinelearningservices:Compute": ("computeName",),
    "azure-native:machinelearningservices:Datastore": ("name",),
    "azure-native:synapse:Workspace": ("workspaceName",),
    "azure-native:synapse:BigDataPool": ("bigDataPoolName",),
    "azure-native:containerservice:ManagedCluster": ("resourceName",),
    "azure-native:containerservice:AgentPool": ("agentPoolName",),
    "azure-native:privatedns:PrivateZone": ("privateZoneName",),
    "azure-native:network:PrivateEndpoint": ("privateEndpointName",),
}

Make = Callable[[str], Any]
READ_BACK: dict[str, dict[str, Make]] = {
    "azure-native:storage:StorageAccount": {
        "primaryEndpoints": lambda name: {
            kind: f"https://{name}.{kind}.core.windows.net/"
            for kind in ("blob", "dfs", "file", "queue", "table", "web")
        },
    },
    # The first address that Azure gives out of a hub of 10.50.0.0/24.
    "azure-native:network:AzureFirewall": {
        "ipConfigurations": lambda _: [{"name": "egress", "privateIPAddress": "10.50.0.4"}]
    },
    "azure-native:network:PublicIPAddress": {"ipAddress": lambda _: "20.50.0.1"},
    "azure-native:keyvault:Vault": {
        "properties": lambda name: {
            "vaultUri": f"https://{name}.vault.azure.net/",
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
        }
    },
    "azure-native:containerregistry:Registry": {"loginServer": lambda name: f"{name}.azurecr.io"},
    "azure-native:operationalinsights:Workspace": {"customerId": lambda name: guid("customer", name)},
    "azure-native:applicationinsights:Component": {"connectionString": lambda name: f"InstrumentationKey={guid(name)}"},
    "azure-native:managedidentity:UserAssignedIdentity": {
        "clientId": lambda name: guid("client", name),
        "principalId": lambda name: guid("principal", name),
    },
    "azure-native:synapse:Workspace": {
        "identity": lambda name: {
            "principalId": guid("principal", name),
            "tenantId": TENANT,
            "type": "SystemAssigned",
        }
    },
    "azure-native:containerservice:ManagedCluster": {
        "oidcIssuerProfile": lambda name: {"issuerURL": f"https://oidc.example/{name}/", "enabled": True},
        "nodeResourceGroup": lambda name: f"MC_{name}",
    },
    "azure-native:kubernetesconfiguration:Extension": {
        "identity": lambda name: {
            "principalId": guid("principal", name),
            "tenantId": TENANT,
            "type": "SystemAssigned",
        }
    },
}


class Recorder(mocks.MockMonitor):
    """Pulumi's mock monitor that also keeps each request."""

    def __init__(self, deployment: Deployment, *, preview: bool = False) -> None:
        super().__init__(Azure(preview=preview))
        self._deployment = deployment

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the protocol's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            raw = rpc.deserialize_properties(request.object, keep_unknowns=True)
            self._deployment.resources.append(
                Registered(
                    urn=answer.urn,
                    id=answer.id,
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    inputs={key: _plain(value) for key, value in raw.items()},
                    # Pulumi waits for a resource's provider as for any dependency.
                    depends_on=frozenset([*request.dependencies, *_urn_of(request.provider)]),
                    secret_inputs=frozenset(key for key, value in raw.items() if _holds_secret(value)),
                    replace_on_changes=tuple(request.replaceOnChanges),
                    provider=request.provider,
                    protect=request.protect,
                    retained=request.retainOnDelete,
                )
            )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if "pulumi:pulumi:Stack" in request.urn:
            raw = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
            self._deployment.outputs = {key: _plain(value) for key, value in raw.items()}
            self._deployment.secret_outputs = {key for key, value in raw.items() if _holds_secret(value)}
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _urn_of(provider: str) -> list[str]:
    return [provider.rpartition("::")[0]] if provider else []


def _holds_secret(value: Any) -> bool:
    if rpc.is_rpc_secret(value):
        return True
    if isinstance(value, Mapping):
        return any(_holds_secret(inner) for inner in value.values())
    return isinstance(value, list) and any(_holds_secret(inner) for inner in value)


def _plain(value: Any) -> Any:
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


async def _none(*_: Any) -> list[Any]:
    return []


def _first(alias: Any, *_: Any) -> Any:
    return alias


@contextmanager
def lean_sdk() -> Iterator[None]:
    """Skip what costs most and no test looks at: aliases' bookkeeping, stack traces, walks of the garbage collector.

    And put back the standard pickler, which the SDK wraps once more for each dynamic resource.
    """
    with (
        patch.object(runtime_resource, "prepare_aliases", _none),
        patch.object(runtime_resource, "_get_stack_trace", StackTrace),
        patch.object(pulumi_resource, "collapse_alias_to_urn", _first),
        patch.object(PICKLER, "_batch_setitems", PICKLER._batch_setitems),
        _collector_at_rest(),
    ):
        yield


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No garbage is looked for meanwhile, nor ever again among the SDK's own hundred thousands of objects."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        _spare_what_stays()


@cache
def _spare_what_stays() -> None:
    gc.collect()
    gc.freeze()


def configuration(environment: str) -> dict[str, Any]:
    """The environment's file as plain values, one for each block, which the caller may change."""
    return {key.removeprefix(f"{PROJECT}:"): value for key, value in copy.deepcopy(_file(environment)).items()}


@cache
def _file(environment: str) -> dict[str, Any]:
    text = (ROOT / "environments" / f"Pulumi.{environment}.yaml").read_text()
    return dict(yaml.safe_load(text)["config"])


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One for all, whatever the thread's loop is: the SDK's mocks leave a loop behind in each thread of its pool."""
    return asyncio.new_event_loop()


def _start(environment: str, into: Deployment, *, preview: bool = False) -> None:
    settings.reset_options()
    monitor = Recorder(into, preview=preview)
    mocks.set_mocks(Azure(), project=PROJECT, stack=environment, preview=preview, monitor=monitor)
    settings.set_root_resource(None)  # type: ignore[arg-type]  # the mocks' own, in whose place comes the program's


def within(environment: str, make: Callable[[], T]) -> T:
    """What a function gives that makes single components; all that they register is done afterwards.

    The SDK's state is that of the task, as is the list of outputs it waits for: one left behind on a loop that runs
    no more would let the next program of this process wait for ever.
    """

    async def main() -> T:
        _start(environment, Deployment())
        try:
            return make()
        finally:
            await stack.wait_for_rpcs()

    with lean_sdk():
        return _loop().run_until_complete(main())


def run_in_stack(environment: str, make: Callable[[], None], into: Deployment, *, preview: bool = False) -> None:
    """Run what makes resources to its end, below a stack as a program is."""

    async def main() -> None:
        _start(environment, into, preview=preview)
        await stack.run_in_stack(make)

    with lean_sdk():
        _loop().run_until_complete(main())


def run(
    environment: str,
    values: Mapping[str, Any] | None = None,
    into: Deployment | None = None,
    *,
    folder: str = "infra",
    preview: bool = False,
) -> Deployment:
    """Run a program for an environment, with its own settings or others; nothing said, the architecture's."""
    deployment = Deployment() if into is None else into
    deployment.environment, deployment.preview = environment, preview
    given = configuration(environment) if values is None else values

    def configured() -> None:
        config.set_all_config({f"{PROJECT}:{key}": json.dumps(value) for key, value in given.items()}, [])
        runpy.run_path(str(ROOT / folder), run_name="__main__")

    run_in_stack(environment, configured, deployment, preview=preview)
    return deployment


@cache
def deployed(environment: str, *, preview: bool = False) -> Deployment:
    """What the architecture registers with the environment's own settings; nobody changes it."""
    return run(environment, preview=preview)


def each_environment(variations: Iterable[str]) -> list[Any]:
    """Parameters: each environment with each variation; one worker has all of an environment, and runs it once."""
    rows = product(ENVIRONMENTS, variations)
    return [pytest.param(row, id="-".join(row), marks=pytest.mark.xdist_group(row[0])) for row in rows]
