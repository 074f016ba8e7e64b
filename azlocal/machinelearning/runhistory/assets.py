"""Where the assets behind a run's outputs are: the data and model planes' one question."""

from __future__ import annotations

from typing import Any

from azlocal.arm.messages import ArmResponse
from azlocal.machinelearning.assets import references
from azlocal.machinelearning.plane import Request, Route, ok

Json = dict[str, Any]


def _resolve(request: Request, asset: str, collection: str) -> str | None:
    reference = references.parse(asset, request.scope, collection)
    found = references.find(request.service.azure.state, reference) if reference else None
    if found is None:
        return None
    return str(found.properties.get("dataUri") or found.properties.get("modelUri"))


async def _data(request: Request) -> ArmResponse:
    asked = [str(one) for one in request.json.get("values") or []]
    found: Json = {}
    for asset in asked:
        if uri := _resolve(request, asset, "data"):
            found[asset] = {"uri": uri}
    return ok({"values": found})


async def _models(request: Request) -> ArmResponse:
    asked = [str(one) for one in request.json.get("values") or []]
    found: Json = {}
    for asset in asked:
        if uri := _resolve(request, asset, "models"):
            found[asset] = {"path": uri, "uri": uri}
    return ok({"values": found})


DATA_ROUTES: list[Route] = [Route("POST", "/dataversion/batchGetResolvedUris", _data, "data/versions/read")]
MODEL_ROUTES: list[Route] = [Route("POST", "/models/batchGetResolvedUris", _models, "models/read")]
