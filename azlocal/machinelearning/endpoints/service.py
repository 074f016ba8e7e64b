"""The service of scoring: brings deployments up as ARM knows them, and answers at their addresses."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

from azlocal.arm.errors import ArmError
from azlocal.arm.operations import Operation
from azlocal.arm.types import Effects
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.machinelearning.endpoints import keys, log
from azlocal.machinelearning.endpoints.prepare import Preparation, launch_key
from azlocal.machinelearning.endpoints.process import Launch, StartError
from azlocal.machinelearning.endpoints.replicas import Replicas
from azlocal.machinelearning.endpoints.router import Router
from azlocal.machinelearning.endpoints.routes import DEPLOYMENT, ENDPOINT, Route, Routes
from azlocal.machinelearning.endpoints.settings import Serving
from azlocal.state import Resource

logger = logging.getLogger("azlocal.scoring")


class Scoring:
    """Online endpoints. Kubernetes ones run as processes of this machine too, and their logs say so."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._routes = Routes(azure.state)
        self._router = Router(self._routes, azure.control, azure.authority)
        self._preparation = Preparation(azure)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._draining: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one scoring request."""
        await self._router(scope, receive, send)

    def serves(self, host: str) -> bool:
        """Whether an endpoint answers at this host; clusters give their routers names of their own."""
        return self._routes.serves(host)

    async def start(self) -> None:
        """Take up every endpoint; their deployments come up behind, while requests are answered already."""
        effects = self._azure.control.effects
        effects[ENDPOINT.lower()] = Effects(put=self._put_endpoint, delete=self._delete_endpoint)
        effects[DEPLOYMENT.lower()] = Effects(put=self._put_deployment, delete=self._delete_deployment)
        for endpoint in self._azure.state.of_type(ENDPOINT):
            self._routes.read(endpoint)
        interrupted = self._azure.control.operations.unfinished  # what these are about is taken up with them
        for deployment in self._azure.state.of_type(DEPLOYMENT):
            failed = deployment.properties.get("provisioningState") == "Failed"
            if not failed and not any(_concerns(operation, deployment) for operation in interrupted):
                self._azure.spawn(self._come_back(deployment))

    async def stop(self) -> None:
        """End every scoring process."""
        await self._router.stop()
        for task in list(self._draining):
            task.cancel()
        running = [one for route in self._routes.all() for one in route.replicas.values()]
        await asyncio.gather(*(one.stop() for one in running), *self._draining, return_exceptions=True)

    async def _come_back(self, deployment: Resource) -> None:
        """After a restart: the deployment as it was, or a line in its log why not."""
        try:
            await self._put_deployment(deployment)
        except ArmError as error:
            logger.warning("deployment %s did not come back: %s", deployment.id, error.message)

    async def _put_endpoint(self, endpoint: Resource) -> None:
        self._routes.read(self._azure.state.get(endpoint.key) or endpoint)

    async def _delete_endpoint(self, endpoint: Resource) -> None:
        self._routes.forget(endpoint.key)
        keys.forget(self._azure.state, endpoint.key)

    async def _put_deployment(self, deployment: Resource) -> None:
        async with self._turns[deployment.key]:
            current = self._azure.state.get(deployment.key)
            if current is None:
                return
            launch = await self._preparation.launch(current)
            await self._bring_up(current, launch)
            self._read_endpoint(current)

    async def _bring_up(self, deployment: Resource, launch: Launch) -> None:
        """Start the deployment's processes, or change how many there are; the old ones answer until then.

        Raises:
            ArmError: 400 ResourceNotReady with the last line of the traceback.
        """
        properties = deployment.properties
        serving = Serving.read(
            int(deployment.body["sku"]["capacity"]), properties, properties.get("environmentVariables") or {}
        )
        self._say(deployment, launch, serving)
        route = self._routes.of(deployment.key.rpartition("/deployments/")[0]) or self._read_endpoint(deployment)
        if route is None:
            return  # the endpoint has been deleted meanwhile
        old = route.replicas.get(deployment.name)
        try:
            if old and launch_key(old.launch) == launch_key(launch):
                await old.resize(serving)
                return
            new = Replicas(launch, serving)
            await new.start()
        except StartError as error:
            raise ArmError(
                400,
                "ResourceNotReady",
                f"User container has crashed or terminated: {error}. The logs of the deployment"
                f" '{deployment.name}' have the rest (getLogs).",
            ) from None
        route.replicas[deployment.name] = new
        self._let_go(old, launch)

    def _say(self, deployment: Resource, launch: Launch, serving: Serving) -> None:
        asked = serving.instances
        if serving.processes < asked:
            log.write(
                launch.log,
                f"{asked} instances were asked for; this machine runs {serving.processes} processes, as many as it has"
                " processors",
            )
        if deployment.properties.get("endpointComputeType") == "Kubernetes":
            log.write(launch.log, "this deployment runs as processes of this machine, not in pods of the cluster")

    def _let_go(self, old: Replicas | None, launch: Launch) -> None:
        """Let the replaced processes finish what they answer, then remove what they were started from."""

        async def finish() -> None:
            if old:
                await old.drain()
            await asyncio.to_thread(self._preparation.tidy, launch)

        task = asyncio.get_running_loop().create_task(finish())
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    def _read_endpoint(self, deployment: Resource) -> Route | None:
        endpoint = self._azure.state.get(deployment.key.rpartition("/deployments/")[0])
        return self._routes.read(endpoint) if endpoint else None

    async def _delete_deployment(self, deployment: Resource) -> None:
        async with self._turns[deployment.key]:
            route = self._routes.of(deployment.key.rpartition("/deployments/")[0])
            replicas = route.replicas.pop(deployment.name, None) if route else None
            if route:
                route.deployments.discard(deployment.name)
            if replicas:
                await replicas.stop()
            await asyncio.to_thread(self._preparation.forget, deployment.key)
        self._turns.pop(deployment.key, None)


def _concerns(operation: Operation, deployment: Resource) -> bool:
    """Whether an operation is the deployment's own, or deletes something that it goes with."""
    if operation.verb == "DELETE":
        return f"{deployment.key}/".startswith(f"{operation.resource}/")
    return operation.resource == deployment.key
