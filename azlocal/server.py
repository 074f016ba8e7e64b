"""The one process: opens the state, starts the gateway, says it is ready, and starts every service."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from azlocal.errors import AzureLocalError, StateError
from azlocal.state import State, StateFolder
from azlocal.state.folder import write_private

DEFAULT_PORT = 8531

logger = logging.getLogger("azlocal")


def build(folder: StateFolder, options: dict[str, Any]) -> Any:
    """Everything but the sockets: state, control plane, authority."""
    from azlocal.arm import ControlPlane
    from azlocal.azure import Azure
    from azlocal.entra.keys import Keys
    from azlocal.entra.tokens import Authority

    state = State(folder.database)
    azure: Azure

    def spawn(work: Any) -> Any:
        return azure.spawn(work)

    control = ControlPlane(state, faithful=bool(options.get("faithful")), spawn=spawn)
    azure = Azure(folder, state, control, Authority(Keys(folder), control.directory), options=options)
    return azure


async def serve(folder: StateFolder, port: int, options: dict[str, Any], ready: Any) -> None:
    """Run until a signal ends it; ``ready`` is called with the port once requests are answered."""
    from azlocal.arm.resume import take_up
    from azlocal.gateway.ca import CertificateAuthority
    from azlocal.gateway.dispatch import Dispatch
    from azlocal.gateway.hosts import SERVICES, Hosts
    from azlocal.gateway.instance import Instance
    from azlocal.gateway.proxy import Gateway

    azure = build(folder, options)
    hosts = Hosts()
    for name, where in SERVICES.items():
        module, _, attribute = where.partition(":")
        service = getattr(importlib.import_module(module), attribute)(azure)
        azure.services[name] = service
        if serves := getattr(service, "serves", None):
            hosts.dynamic.append((serves, name))
    gateway = Gateway(hosts, CertificateAuthority(folder), Dispatch(azure, hosts), Instance(azure))
    try:
        azure.port = await gateway.start(port)
    except OSError as error:
        raise AzureLocalError(
            f"port {port} on 127.0.0.1 cannot be used: {error.strerror}",
            "stop what listens there, or choose another: azlocal start --port 0 takes any free one",
        ) from None
    for service in azure.services.values():
        await service.start()
    take_up(azure.control)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    write_private(folder.runtime, json.dumps({"pid": os.getpid(), "port": azure.port, "started": time.time()}))
    gc.freeze()  # what is loaded stays: no collection needs to look at it again
    ready(azure.port)
    await stop.wait()
    folder.runtime.unlink(missing_ok=True)
    await gateway.stop()
    await azure.stop()
    azure.state.close()


def main() -> None:
    """``python -m azlocal.server``: what ``azlocal start`` runs. Readiness goes to the file descriptor given."""
    parser = argparse.ArgumentParser(prog="azlocal.server")
    parser.add_argument("--state", default=None)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--ready-fd", type=int, default=None)
    parser.add_argument("--options", default="{}")
    arguments = parser.parse_args()
    folder = StateFolder(arguments.state)

    def tell(value: dict[str, Any]) -> None:
        if arguments.ready_fd is not None:
            with contextlib.suppress(OSError):  # whoever started us may have gone
                os.write(arguments.ready_fd, json.dumps(value).encode())
                os.close(arguments.ready_fd)

    try:
        folder.lock()
        logging.basicConfig(
            filename=folder.log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        _run(serve(folder, arguments.port, json.loads(arguments.options), lambda port: tell({"port": port})))
    except AzureLocalError as error:
        tell({"error": error.message, "hint": error.hint})
        sys.exit(error.exit_code)
    except OSError as error:
        failure = StateError(f"state folder {folder.path} cannot be used: {error.strerror}", "free space or move it")
        tell({"error": failure.message, "hint": failure.hint})
        sys.exit(1)


def _run(work: Any) -> None:
    """On uvloop where it exists, which is everywhere but Windows."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


if __name__ == "__main__":
    main()
