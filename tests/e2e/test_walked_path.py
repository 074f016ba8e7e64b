"""The engine walks prod's graph with Azure's documented durations as fast as Azure lets anybody walk it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from azlocal.arm.control import ControlPlane
from azlocal.engine import program
from azlocal.engine.azure import AzureProvider
from azlocal.engine.deployment import Deployment
from azlocal.engine.dynamic import PACKAGE, DynamicProvider
from azlocal.engine.events import Action, Failure, Silent, Summary
from azlocal.engine.kubernetes import KubernetesProvider
from azlocal.engine.monitor import Monitor
from azlocal.engine.names import fixed_suffix
from azlocal.engine.paper import PaperClusters
from azlocal.engine.plan import plan
from azlocal.engine.plan.modules import program_anew
from azlocal.engine.program import run_program
from azlocal.engine.project import load_project
from azlocal.engine.provider import Checked, Goal, Json
from azlocal.engine.stack_state import StackState
from azlocal.engine.views.path import Times, times
from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID
from azlocal.state import State
from tests.e2e.changes import REPOSITORY
from tests.e2e.virtual import Clock, TimedAzure

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(300)]

ENVIRONMENT = "prod"
ACCEPTED = 1.05  # of the longest chain that Azure forces


class PaperDynamic(DynamicProvider):
    """What the program's own code makes beyond Resource Manager: nobody documents how long that takes."""

    def create(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """Made at once."""
        checked.id = f"made/{goal.name}"
        return dict(checked.inputs)


class Stopwatch(Silent):
    """When each resource was begun and done, by the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.begun: dict[str, float] = {}
        self.done: dict[str, float] = {}

    def started(self, urn: str, action: Action) -> None:
        """Begun."""
        self.begun[urn] = self._clock.now

    def finished(self, urn: str, action: Action) -> None:
        """Done."""
        self.done[urn] = self._clock.now


@dataclass(frozen=True)
class Walk:
    """How an ``up`` went: seconds by the clock."""

    seconds: float
    summary: Summary
    watch: Stopwatch


# Edges that no body shows, for one end is no resource of Resource Manager: what waits, for what, and why.
_VAULT_IN_REACH = "the certificate is read from the vault: by its private name, with the identity's role"
_ROLE_FIRST = "it is made and deleted with that role"
_IN_NAMESPACE = "it lies in the namespace"
OWN = {
    ("lake:ZoneAccess", "storage:BlobContainer"): "the list is the zone's",
    ("lake:ZoneAccess", "storage:StorageAccount"): "at the account's own address",
    ("lake:ZoneAccess", "authorization:RoleAssignment"): "only an owner of the data sets lists",
    ("synapse:SynapseRole", "synapse:Workspace"): "the role is the workspace's",
    ("synapse:SynapseRole", "synapse:BigDataPool"): "the role is on the pool",
    ("synapse:SynapseRole", "synapse:SynapseRole"): _ROLE_FIRST,
    ("synapse:ManagedPrivateEndpoint", "synapse:SynapseRole"): _ROLE_FIRST,
    ("synapse:ManagedPrivateEndpoint", "synapse:Workspace"): "it is in the workspace's network",
    ("synapse:ManagedPrivateEndpoint", "storage:StorageAccount"): "its target",
    ("synapse:ManagedPrivateEndpoint", "keyvault:Vault"): "its target",
    ("core/v1:ServiceAccount", "core/v1:Namespace"): _IN_NAMESPACE,
    ("core/v1:ServiceAccount", "managedidentity:UserAssignedIdentity"): "it names the identity's client",
    ("providers:kubernetes", "containerservice:ManagedCluster"): "the cluster's address",
    ("providers:kubernetes", "authorization:RoleAssignment"): "the API server refuses whoever has no role",
    ("providers:kubernetes", "resources:ResourceGroup"): "the kubeconfig is asked for by the group's name",
    ("secrets-store.csi.x-k8s.io/v1:SecretProviderClass", "core/v1:Namespace"): _IN_NAMESPACE,
    (
        "secrets-store.csi.x-k8s.io/v1:SecretProviderClass",
        "managedidentity:UserAssignedIdentity",
    ): "it names the identity's client",
    ("secrets-store.csi.x-k8s.io/v1:SecretProviderClass", "keyvault:Vault"): "it names the vault",
    ("apps/v1:Deployment", "secrets-store.csi.x-k8s.io/v1:SecretProviderClass"): "it mounts what the class describes",
    ("apps/v1:Deployment", "core/v1:ServiceAccount"): "its pods run as the account",
    ("apps/v1:Deployment", "managedidentity:FederatedIdentityCredential"): "the account's token counts only then",
    ("apps/v1:Deployment", "authorization:RoleAssignment"): _VAULT_IN_REACH,
    ("apps/v1:Deployment", "network:PrivateDnsZoneGroup"): _VAULT_IN_REACH,
    ("apps/v1:Deployment", "privatedns:VirtualNetworkLink"): _VAULT_IN_REACH,
    ("apps/v1:Deployment", "containerservice:AgentPool"): "its pods need nodes",
    ("kubernetesconfiguration:Extension", "apps/v1:Deployment"): "the router starts with the secret that it mounts",
    ("kubernetesconfiguration:Extension", "core/v1:Namespace"): "released to it",
    ("core/v1:ServicePatch", "network:VirtualNetwork"): "its address is in a subnet",
    ("core/v1:ServicePatch", "kubernetesconfiguration:Extension"): "the extension makes the service",
    ("machinelearningservices:Compute", "core/v1:Namespace"): "attached with the namespace",
}


@pytest.fixture(scope="module")
def resources() -> list[Json]:
    """The plan's."""
    with program_anew(REPOSITORY / "infra"):
        return list(plan(REPOSITORY, ENVIRONMENT, preview=False).as_json()["resources"])


@pytest.fixture(scope="module")
def found(resources: list[Json]) -> Times:
    """The chains of the plan."""
    return times(resources)


@pytest.fixture(scope="module")
def walk() -> Walk:
    """``up prod`` as it is."""
    return walked(program.THREADS)


def walked(threads: int) -> Walk:
    """``up prod`` on an empty Azure that takes its time."""
    clock, memory = Clock(), State(None)
    project = load_project(REPOSITORY, ENVIRONMENT)
    azure = TimedAzure(clock, ControlPlane(memory, faithful=True, clock=clock.time), OWNER, SUBSCRIPTION_ID)
    providers: dict[str, Any] = {
        "azure-native": AzureProvider(azure, project.config, fixed_suffix),
        "kubernetes": KubernetesProvider(azure.alone(PaperClusters(memory)), fixed_suffix),
        PACKAGE: PaperDynamic(project.config, project.name),
    }
    watch = Stopwatch(clock)
    deployment = Deployment(StackState(None), providers, watch)
    with pytest.MonkeyPatch.context() as patch, program_anew(REPOSITORY / "infra"):
        patch.setattr(program, "THREADS", threads)
        patch.setattr(program, "ThreadPoolExecutor", clock.executor)
        patch.setattr(asyncio, "new_event_loop", clock.new_loop)
        run_program(project, Monitor(deployment, project.name, project.stack), planning=False, note=lambda *_: None)
    clock.stop()
    return Walk(clock.now, deployment.summary, watch)


def test_everything_is_made(walk: Walk) -> None:
    failures: list[Failure] = walk.summary.failures
    assert failures == []
    assert walk.summary.skipped == []
    assert walk.summary.counts[Action.CREATE] > 200


def test_the_walk_is_as_long_as_the_longest_chain_that_azure_forces(walk: Walk, found: Times) -> None:
    forced = found.forced_minutes * 60
    assert forced > 15 * 60
    assert forced * 0.999 <= walk.seconds <= forced * ACCEPTED, f"{walk.seconds:.0f} s walked, {forced:.0f} s forced"


def test_the_measure_tells_a_slow_walk(found: Times) -> None:
    assert walked(4).seconds > found.forced_minutes * 60 * ACCEPTED


def test_the_program_waits_for_nothing_that_azure_does_not_need(found: Times) -> None:
    assert found.needless == []
    assert found.minutes == found.forced_minutes


def test_each_edge_that_no_body_shows_has_a_reason(resources: list[Json]) -> None:
    by_urn = {one["urn"]: one for one in resources}
    own = {
        (_short(one["type"]), _short(by_urn[urn]["type"]))
        for one in resources
        for urn in one["dependsOn"]
        if not (_has_id(one) and _has_id(by_urn[urn]))
    }
    assert own == set(OWN)


def _has_id(one: Json) -> bool:
    return str(one["id"] or "").startswith("/")


def _short(type_: str) -> str:
    """Module and type, without the package."""
    return type_.partition(":")[2].removeprefix("dynamic/")
