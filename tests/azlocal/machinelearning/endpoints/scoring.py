"""Deployments without ARM: a router before real scoring processes, whose environment is this interpreter's."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from azlocal.arm import ControlPlane
from azlocal.entra.keys import Keys as SigningKeys
from azlocal.entra.tokens import Authority
from azlocal.machinelearning.endpoints import keys, routes
from azlocal.machinelearning.endpoints.process import Launch
from azlocal.machinelearning.endpoints.replicas import Replicas
from azlocal.machinelearning.endpoints.router import Router
from azlocal.machinelearning.endpoints.settings import Serving
from azlocal.state import Resource, State, StateFolder

WORKSPACE = (
    "/subscriptions/10ca1000-0000-4000-8000-000000000002/resourceGroups/rg/providers"
    "/Microsoft.MachineLearningServices/workspaces/ws"
)
ECHO = """
    import json, os
    def init():
        print("the script is loading")
    def run(raw_data):
        return {"got": json.loads(raw_data), "from": os.environ["DEPLOYMENT"], "pid": os.getpid()}
"""


def launch(folder: Path, script: str, **variables: str) -> Launch:
    """A deployment's folder with this script in it, and how its processes are started."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "score.py").write_text(textwrap.dedent(script))
    environment = {
        "PATH": os.environ["PATH"],
        "AZUREML_APP_ROOT": str(folder),
        "AZUREML_ENTRY_SCRIPT": "score.py",
        "AZUREML_MODEL_DIR": str(folder),
        "DEPLOYMENT": folder.name,
        **variables,
    }
    return Launch(Path(sys.executable), environment, folder, folder / "InferenceServer.log")


def serving(capacity: int = 1, **properties: Any) -> Serving:
    """Azure's defaults, but as many processes as asked for, whatever the machine has."""
    found = Serving.read(capacity, properties, {})
    return Serving(found.instances, found.concurrent, found.timeout, capacity, found.liveness, found.readiness)


@dataclass
class Bench:
    """An endpoint 'ep' behind its router; ``client`` speaks to it with its key."""

    folder: Path
    state: State
    table: routes.Routes
    router: Router
    control: ControlPlane
    authority: Authority
    client: httpx.AsyncClient
    endpoint: Resource
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def route(self) -> routes.Route:
        route = self.table.of(self.endpoint.key)
        assert route
        return route

    def set(self, **properties: Any) -> None:
        """Change the endpoint as a PUT would."""
        self.endpoint.properties.update(properties)
        self.state.put(self.endpoint)
        self.table.read(self.endpoint)

    async def deploy(self, name: str, script: str = ECHO, *, capacity: int = 1, **properties: Any) -> Replicas:
        """A deployment that runs."""
        replicas = Replicas(launch(self.folder / name, script), serving(capacity, **properties))
        await replicas.start()
        self._stack.push_async_callback(replicas.stop)
        self.state.put(Resource(f"{self.endpoint.id}/deployments/{name}", routes.DEPLOYMENT, {}))
        self.table.read(self.endpoint)
        self.route.replicas[name] = replicas
        return replicas

    def log(self, name: str) -> str:
        """What a deployment's processes wrote."""
        return (self.folder / name / "InferenceServer.log").read_text()

    async def score(self, data: Any = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """One request."""
        return await self.client.post("/score", json={} if data is None else data, headers=headers)


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """An endpoint without deployments."""
    state = State()
    control = ControlPlane(state)
    authority = Authority(SigningKeys(StateFolder(folder / "state")), control.directory)
    table = routes.Routes(state)
    router = Router(table, control, authority)
    host = routes.managed_address("ep", "westeurope")
    endpoint = Resource(
        f"{WORKSPACE}/onlineEndpoints/ep",
        routes.ENDPOINT,
        {"location": "westeurope", "properties": {"authMode": "Key", "scoringUri": f"https://{host}/score"}},
    )
    state.put(endpoint)
    keys.create(state, endpoint.key, {"primaryKey": "first", "secondaryKey": "second"})
    table.read(endpoint)
    transport = httpx.ASGITransport(app=router)
    headers = {"Authorization": "Bearer first"}
    async with httpx.AsyncClient(
        transport=transport, base_url=f"https://{host}", headers=headers, timeout=30
    ) as client:
        made = Bench(folder, state, table, router, control, authority, client, endpoint)
        try:
            async with made._stack:
                yield made
        finally:
            await router.stop()
            state.close()
