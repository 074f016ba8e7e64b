"""Small Pulumi programs, and a control plane small enough to be told what to do."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from azlocal.engine.events import Action, Failure
from azlocal.engine.paper import PaperCluster
from azlocal.engine.ports import Identity, Reply
from azlocal.engine.run import Result, Target, run_destroy, run_up
from azlocal.engine.softdelete import Held
from azlocal.kubernetes.standin import StandIn
from azlocal.state import State

SUBSCRIPTION = "00000000-0000-4000-8000-00000000feed"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"

Json = dict[str, Any]
Refusal = Callable[[str, str, Any], Reply | None]


class FakeAzure:
    """Remembers what is PUT; ``refuse`` may answer in its place, ``gate`` may hold a request back."""

    identity = Identity(SUBSCRIPTION, "tenant", "client", "object")

    def __init__(self) -> None:
        self.resources: dict[str, Json] = {}
        self.requests: list[tuple[str, str]] = []
        self.refuse: Refusal = lambda *_: None
        self.gate: Callable[[str, str], None] = lambda *_: None
        self._lock = threading.Lock()

    def send(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Reply:
        """One exchange."""
        assert query["api-version"]
        with self._lock:
            self.requests.append((method, path))
        self.gate(method, path)
        if refused := self.refuse(method, path, body):
            return refused
        with self._lock:
            return self._answer(method, path, body)

    def _answer(self, method: str, path: str, body: Any) -> Reply:
        key = path.lower()
        if method == "PUT":
            made = {"id": path, "name": path.rsplit("/", 1)[-1], "type": "T", **copy.deepcopy(body)}
            self.resources[key] = made
            return Reply(200, copy.deepcopy(made))
        if key not in self.resources:
            return Reply(404, {"error": {"code": "ResourceNotFound", "message": f"{path} was not found"}})
        if method == "DELETE":
            for below in [other for other in self.resources if other.startswith(f"{key}/")]:
                del self.resources[below]
            del self.resources[key]
            return Reply(200)
        return Reply(200, copy.deepcopy(self.resources[key]))

    def pause(self, seconds: float) -> None:
        """Never needed."""

    def writes(self) -> list[tuple[str, str]]:
        """What was asked for besides reading, by the last part of the path."""
        return [(method, path.rsplit("/", 1)[-1]) for method, path in self.requests if method != "GET"]

    @property
    def names(self) -> set[str]:
        """Names of what there is."""
        return {resource["name"] for resource in self.resources.values()}


@dataclass
class Heard:
    """A watcher that keeps what it heard."""

    events: list[tuple[str, Action]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def started(self, urn: str, action: Action) -> None:
        """Not kept."""

    def finished(self, urn: str, action: Action) -> None:
        """Keep the name and what was done."""
        self.events.append((urn.rsplit("::", 1)[-1], action))

    def failed(self, urn: str, action: Action, failure: Failure) -> None:
        """Keep the failure."""
        self.failures.append(failure)

    def note(self, severity: str, message: str) -> None:
        """Keep the note."""
        self.notes.append((severity, message))

    def of(self, action: Action) -> list[str]:
        """Names of what had this done to it."""
        return [name for name, done in self.events if done is action]


@dataclass
class Stack:
    """A project with one program, on a fake Azure."""

    folder: Path
    azure: FakeAzure = field(default_factory=FakeAzure)
    cluster: PaperCluster = field(default_factory=lambda: PaperCluster(StandIn(State(None), "cluster")))
    others: dict[str, PaperCluster] = field(default_factory=dict)  # further clusters, by kubeconfig
    heard: Heard = field(default_factory=Heard)

    def write(self, program: str, config: str = "") -> None:
        """The program, after the imports that all share."""
        (self.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (self.folder / "Pulumi.dev.yaml").write_text(config)
        (self.folder / "__main__.py").write_text(PRELUDE + program)

    def up(
        self,
        program: str | None = None,
        config: str = "",
        *,
        refresh: bool = False,
        held: Held = Held.REFUSE,
        accepted: Collection[str] = (),
        adopt: bool = False,
    ) -> Result:
        """Write the program, if there is a new one, and bring the stack up."""
        if program is not None:
            self.write(program, config)
        self.heard = Heard()
        self.azure.requests.clear()
        return run_up(
            self.folder,
            "dev",
            self.target,
            self.heard,
            refresh=refresh,
            held=held,
            accepted=accepted,
            adopt=adopt,
        )

    def destroy(self) -> Result:
        """Delete everything."""
        self.heard = Heard()
        self.azure.requests.clear()
        return run_destroy(self.folder, "dev", self.target, self.heard)

    @property
    def target(self) -> Target:
        """The fake Azure and a cluster on paper."""
        return Target(
            self.azure, lambda told: self.others.get(told.get("kubeconfig", ""), self.cluster), self.folder / "state"
        )

    @property
    def saved(self) -> str:
        """The state's file as it is on disk."""
        return (self.folder / "state/stacks/shop/dev.json").read_text()


# A loaded machine is slow now and then, which says nothing about the code.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PRELUDE = """
import pulumi
from pulumi import ResourceOptions as Options
from pulumi_azure_native import managedidentity, resources

def group(name="rg", **options):
    return resources.ResourceGroup(name, resource_group_name=name, location="westeurope", opts=Options(**options))

def identity(name, group="rg", tags=None, call=None, **options):
    return managedidentity.UserAssignedIdentity(
        name, resource_group_name=group, resource_name_=call or name, location="westeurope", tags=tags,
        opts=Options(**options))

"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A fresh project on an empty Azure."""
    return Stack(tmp_path)


def refuse(method: str, name: str, status: int = 400, code: str = "Nope") -> Refusal:
    """Refuse one kind of request for one resource."""

    def answer(asked: str, path: str, body: Any) -> Reply | None:
        if asked == method and path.endswith(f"/{name}"):
            return Reply(status, {"error": {"code": code, "message": f"{name} is refused"}})
        return None

    return answer
