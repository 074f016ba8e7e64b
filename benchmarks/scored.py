"""The router of online endpoints behind the gateway, with one deployment that does next to nothing.

``python -m benchmarks.scored FOLDER FD`` writes its port to the descriptor once the deployment is up.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from azlocal.arm import ControlPlane
from azlocal.entra.keys import Keys
from azlocal.entra.tokens import Authority
from azlocal.gateway.ca import CertificateAuthority
from azlocal.gateway.hosts import Hosts
from azlocal.gateway.proxy import Gateway
from azlocal.machinelearning.endpoints import keys, routes
from azlocal.machinelearning.endpoints.process import Launch
from azlocal.machinelearning.endpoints.replicas import Replicas
from azlocal.machinelearning.endpoints.router import Router
from azlocal.machinelearning.endpoints.settings import Serving
from azlocal.state import Resource, State, StateFolder

HOST = routes.managed_address("bench", "westeurope")
KEY = "k" * 32
SCRIPT = "import json\ndef init(): pass\ndef run(raw_data): return json.loads(raw_data)['data'][0]\n"


def variables(folder: Path) -> dict[str, str]:
    """What the scoring process is told, here and where it is measured alone."""
    return {"PATH": os.environ["PATH"], "AZUREML_APP_ROOT": str(folder), "AZUREML_ENTRY_SCRIPT": "score.py"}


async def main(folder: StateFolder, descriptor: int) -> None:
    """Serve until the process is ended."""
    os.set_inheritable(descriptor, False)  # or the scoring process would keep it open
    code = folder.sub("code")
    state = State()
    control = ControlPlane(state, ())
    table = routes.Routes(state)
    endpoint = Resource(
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
        "/onlineEndpoints/bench",
        routes.ENDPOINT,
        {"properties": {"authMode": "Key", "traffic": {"blue": 100}, "scoringUri": f"https://{HOST}/score"}},
    )
    keys.create(state, endpoint.key, {"primaryKey": KEY})
    route = table.read(endpoint)
    launch = Launch(Path(sys.executable), variables(code), code, code / "log")
    replicas = Replicas(launch, Serving.read(1, {"requestSettings": {"maxConcurrentRequestsPerInstance": 8}}, {}))
    await replicas.start()
    if route:
        route.replicas["blue"] = replicas
    router = Router(table, control, Authority(Keys(folder), control.directory))
    gateway = Gateway(Hosts(), CertificateAuthority(folder), router, router)
    port = await gateway.start(0)
    os.write(descriptor, str(port).encode())
    os.close(descriptor)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(StateFolder(Path(sys.argv[1])), int(sys.argv[2])))
