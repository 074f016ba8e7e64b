"""The gateway answering a constant: what the same server does when nothing is asked of it.

``python -m benchmarks.constant FOLDER FD`` writes its port to the descriptor once it listens.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from azlocal.arm.messages import ArmResponse
from azlocal.arm.service import send_json
from azlocal.azure import Receive, Scope, Send
from azlocal.gateway.ca import CertificateAuthority
from azlocal.gateway.hosts import Hosts
from azlocal.gateway.proxy import Gateway
from azlocal.state import StateFolder

BODY = {"id": "/subscriptions/s/resourceGroups/rg", "name": "rg", "location": "westeurope", "properties": {}}


async def constant(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the request and answer the same small JSON."""
    await receive()
    await send_json(send, ArmResponse(200, BODY))


async def main(folder: StateFolder, descriptor: int) -> None:
    """Serve until the process is ended."""
    gateway = Gateway(Hosts(), CertificateAuthority(folder), constant, constant)
    port = await gateway.start(0)
    os.write(descriptor, str(port).encode())
    os.close(descriptor)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(StateFolder(Path(sys.argv[1])), int(sys.argv[2])))
