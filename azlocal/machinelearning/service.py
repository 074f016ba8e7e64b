"""The Azure ML data plane: ``{region}.api.azureml.ms`` and its relatives."""

from __future__ import annotations

import json
import logging
import re
from typing import Any
from urllib.parse import parse_qsl

from azlocal.arm.errors import ArmError, not_served
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning import softdelete
from azlocal.arm.providers.machinelearning.codes import PENDING_UPLOAD
from azlocal.arm.service import read_body, send_json
from azlocal.arm.types import Effects
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.http import authenticate
from azlocal.entra.tokens import MACHINE_LEARNING
from azlocal.machinelearning import mlflow, registries, uploads
from azlocal.machinelearning.assets import flavors, shared
from azlocal.machinelearning.data import Data
from azlocal.machinelearning.jobs import events
from azlocal.machinelearning.jobs.scheduler import Jobs
from azlocal.machinelearning.links import Links
from azlocal.machinelearning.places import Places
from azlocal.machinelearning.plane import Request, Route
from azlocal.machinelearning.runhistory import artifacts, assets
from azlocal.machinelearning.runhistory import runs as run_history
from azlocal.machinelearning.runs import Runs
from azlocal.state import Resource

BODY_LIMIT = 32 * 1024 * 1024  # bytes: a batch of metrics or a model's signature, not data
_TYPE = "Microsoft.MachineLearningServices/workspaces"
_PATH = re.compile(
    r"/(?P<plane>history|data|modelregistry|mlflow)/v\d\.\d"
    r"(?P<workspace>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.machinelearningservices/workspaces/[^/]+)"
    r"(?P<rest>/.*)?",
    re.IGNORECASE,
)
_PLANES: dict[str, list[Route]] = {
    "history": [*run_history.ROUTES, *artifacts.ROUTES],
    "data": assets.DATA_ROUTES,
    "modelregistry": assets.MODEL_ROUTES,
    "mlflow": mlflow.ROUTES,
}
_DISCOVERED = ("api", "catalog", "experimentation", "gallery", "history", "hyperdrive", "labeling", "modelmanagement",
               "pipelines", "studio")  # fmt: skip

logger = logging.getLogger("azlocal.machinelearning")


class MachineLearning:
    """Run history, MLflow, the data and model planes, and the jobs behind them."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.runs = Runs(azure.state)
        self.places = Places(azure.state, self.runs)
        self.links = Links(azure)
        self.data = Data(azure, self.places)
        self.jobs = Jobs(azure, self.runs, self.data)

    async def start(self) -> None:
        """Take up jobs, and make what workspaces and code need in their storage."""
        effects = self.azure.control.effects
        effects[_TYPE.lower()] = Effects(put=self._prepare_storage, delete=self._deleted)
        effects[events.MODEL_REGISTERED] = Effects(put=self._model_registered)
        effects[PENDING_UPLOAD] = Effects(put=self._pending_upload)
        await self.jobs.start()

    async def stop(self) -> None:
        """End every job's processes."""
        await self.jobs.stop()

    async def _prepare_storage(self, workspace: Resource) -> None:
        await uploads.prepare(self, workspace)

    async def _model_registered(self, version: Resource) -> None:
        await flavors.fill_in(self.azure.state, self.data, self.places, version)

    async def _deleted(self, workspace: Resource) -> None:
        """End its jobs; its run history stays as long as it can be recovered."""
        await self.jobs.cancel_all(workspace.key)
        if not softdelete.is_kept(self.azure.state, workspace.key):
            self.runs.forget(workspace.key)

    async def _pending_upload(self, code: Resource) -> None:
        await uploads.pending(self, code)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            body = await read_body(receive, BODY_LIMIT)
            response = await self._answer(scope, body)
        except ArmError as error:
            response = error.response()
            if "/mlflow/" in scope["path"]:
                response = ArmResponse(error.status, mlflow.error_body(error))
        except Exception as error:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            response = ArmError(500, "InternalServerError", f"{type(error).__name__}: {error}").response()
        await send_json(send, response, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, body: bytes) -> ArmResponse:
        path, method = str(scope["path"]), str(scope["method"])
        headers = dict(scope["headers"])
        if path.rstrip("/").lower() == "/discovery":
            return ArmResponse(200, _discovery(headers.get(b"host", b"").decode("latin-1")))
        if found_registry := registries.DISCOVERY.fullmatch(path) or registries.PLANE.fullmatch(path):
            return await self._answer_registry(scope, body, found_registry)
        match = _PATH.fullmatch(path)
        if match is None:
            raise not_served(f"{method} {headers.get(b'host', b'').decode('latin-1')}{path}")
        principal = authenticate(self.azure.authority, scope["headers"], MACHINE_LEARNING)
        found, names = _find(_PLANES[match["plane"].lower()], method, match["rest"] or "/")
        workspace = self.azure.state.get(match["workspace"].lower())
        self.azure.control.access.require(principal, f"{_TYPE}/{found.permission}", match["workspace"])
        if workspace is None:
            raise ArmError(404, "WorkspaceNotFound", f"The workspace '{match['workspace']}' was not found.")
        return await found.handler(Request(self, workspace, principal, method, _query(scope), _parse(body), names))

    async def _answer_registry(self, scope: Scope, body: bytes, match: re.Match[str]) -> ArmResponse:
        principal = authenticate(self.azure.authority, scope["headers"], MACHINE_LEARNING)
        state, method = self.azure.state, str(scope["method"])
        given = match.groupdict()
        name = given.get("name") or given["registry"].rsplit("/", 1)[-1]
        registry = shared.registry(state, name)
        if registry is None or given.get("registry", registry.key).lower() != registry.key:
            raise ArmError(404, "RegistryNotFound", f"The registry '{name}' was not found.")
        if "rest" not in given:
            self.azure.control.access.require(principal, f"{shared.REGISTRY}/read", registry.id)
            return registries.discover(registry)
        found, names = _find(registries.ROUTES, method, match["rest"])
        self.azure.control.access.require(principal, f"{shared.REGISTRY}/{found.permission}", registry.id)
        return await found.handler(Request(self, registry, principal, method, _query(scope), _parse(body), names))


def _find(routes: list[Route], method: str, rest: str) -> tuple[Route, dict[str, str]]:
    rest = rest.rstrip("/") or "/"
    for one in routes:
        if one.method == method and (match := one.match(rest)):
            return one, match.groupdict()
    raise not_served(f"{method} {rest}")


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def _discovery(host: str) -> dict[str, str]:
    base = f"https://{host.partition(':')[0]}"
    return dict.fromkeys(_DISCOVERED, base) | {"api": base, "history": base}


def _parse(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise ArmError(400, "BadRequest", f"The request's body is no JSON: {error}.") from None
