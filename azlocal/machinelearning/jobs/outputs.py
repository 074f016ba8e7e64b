"""What a job leaves behind: outputs in their place, registered where they have a name, and artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from azlocal.arm.errors import ArmError
from azlocal.arm.locations import normalize
from azlocal.azure import Azure
from azlocal.entra.principals import OWNER, Principal
from azlocal.machinelearning.data import Data, DataError
from azlocal.machinelearning.identities import Acting
from azlocal.machinelearning.jobs.spec import Output
from azlocal.machinelearning.places import Place
from azlocal.machinelearning.runs import Run
from azlocal.state import Resource

_ARTIFACT_FOLDERS = ("outputs", "logs")  # uploaded by Azure ML whatever the job declares
_MODEL_TYPES = {"custom_model": "CustomModel", "mlflow_model": "MLFlowModel", "triton_model": "TritonModel"}
_FILES = frozenset({"uri_file"})

Json = dict[str, Any]


class Outputs:
    """Places and registers the outputs of runs."""

    def __init__(self, azure: Azure, data: Data) -> None:
        self._azure = azure
        self._data = data

    def place(self, run: Run, name: str, output: Output) -> Place:
        """Where an output goes: where it says, or ``azureml/{job}/{output}`` of the default datastore.

        Raises:
            ArmError: 400, it names a place that is none.
        """
        places = self._data.places
        if not output.uri:
            return places.in_datastore(
                run.workspace, places.default_datastore(run.workspace), f"azureml/{run.id}/{name}"
            )
        uri = output.uri
        for key, value in (
            ("name", run.id),
            ("output_name", name),
            ("default_datastore", places.default_datastore(run.workspace)),
        ):
            uri = uri.replace(f"${{{{{key}}}}}", value)
        found = places.locate(run.workspace, uri)
        if not isinstance(found, Place):
            raise ArmError(400, "UserError", f"The output '{name}' cannot be written to '{uri}'.")
        return found

    def local(self, name: str, output: Output, folder: Path, place: Place) -> str:
        """What a process gets for an output: a file's path, an empty folder, or with ``direct`` the URI itself."""
        if output.mode == "direct":
            return place.uri
        target = folder / name
        if output.kind in _FILES:
            target.parent.mkdir(parents=True, exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
        return str(target)

    async def collect(
        self, run: Run, outputs: dict[str, Output], folder: Path, acting: Acting, *, register: bool
    ) -> dict[str, Json]:
        """Send every output to its place and make it an asset; what the run remembers of each.

        Raises:
            DataError: an output cannot be written, or cannot be registered.
        """
        kept: dict[str, Json] = {}
        for name, output in outputs.items():
            place = self.place(run, name, output)
            path = folder / name
            if output.mode != "direct" and path.exists():
                self._data.allow(place, acting, "write")
                await self._data.send(path, place)
            kept[name] = {"uri": place.uri, "type": _MODEL_TYPES.get(output.kind, output.kind)}
            if register:
                kept[name]["assetId"] = self.register(run, name, output, place, acting.creator)
        return kept

    def register(self, run: Run, name: str, output: Output, place: Place, creator: Principal) -> str:
        """Make an output an asset: under its own name, or as anonymous data that only the run refers to.

        Raises:
            DataError: the asset is refused.
        """
        model = output.kind in _MODEL_TYPES and output.asset is not None
        collection = "models" if model else "data"
        asset = output.asset or f"azureml_{run.id}_output_data_{name}"
        version = output.version or (self._next(run.workspace, collection, asset) if output.asset else "1")
        properties: Json = {"isAnonymous": output.asset is None, "properties": {"azureml.runid": run.id}}
        if model:
            properties |= {"modelUri": place.uri, "modelType": output.kind, "jobName": run.id}
        else:
            kind = output.kind if output.kind in {"uri_file", "uri_folder", "mltable"} else "uri_folder"
            properties |= {"dataUri": place.uri, "dataType": kind}
        workspace = self._workspace(run.workspace)
        path = f"{workspace.id}/{collection}/{asset}/versions/{version}"
        answer = self._azure.control.internal(
            "PUT", path, {"properties": properties}, creator if output.asset else OWNER
        )
        if answer.status not in {200, 201}:
            error = answer.body["error"]
            raise DataError(f"The output '{name}' cannot be registered as '{asset}:{version}': {error['message']}")
        region, guid = normalize(workspace.body["location"]), workspace.properties["workspaceId"]
        return f"azureml://locations/{region}/workspaces/{guid}/{collection}/{asset}/versions/{version}"

    async def artifacts(self, run: Run, folder: Path) -> None:
        """Keep what the process wrote to ``outputs/`` and ``logs/`` of its working directory.

        Raises:
            DataError: the artifact store refuses it.
        """
        for name in _ARTIFACT_FOLDERS:
            path = folder / name
            if path.is_dir() and any(path.iterdir()):
                await self._data.send(path, self._data.places.artifacts(run.workspace, run.id, name))

    def _next(self, workspace: str, collection: str, asset: str) -> str:
        container = self._azure.state.get(f"{workspace}/{collection}/{asset}".lower())
        return str(container.properties.get("nextVersion") or "1") if container else "1"

    def _workspace(self, key: str) -> Resource:
        found = self._azure.state.get(key)
        if found is None:
            raise DataError("The workspace is gone.")
        return found
