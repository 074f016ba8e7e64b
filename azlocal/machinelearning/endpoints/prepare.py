"""From a deployment in ARM to what its processes are started with: environment, model and code on disk.

What was prepared stays on disk under a name made of its content, so that endpoints come back after a restart
without asking storage or the package index again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from azlocal.arm.errors import ArmError
from azlocal.azure import Azure
from azlocal.machinelearning.assets import shared
from azlocal.machinelearning.endpoints import log
from azlocal.machinelearning.endpoints.process import Launch
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.machinelearning.data import Data
    from azlocal.machinelearning.jobs.definitions import Definition
    from azlocal.machinelearning.places import Place, Web

_MLFLOW_SCRIPT = Path(__file__).parent / "server" / "mlflow_script.py"
_MLFLOW_ENTRY = "azlocal_mlflow_script.py"


class Environments(Protocol):
    """What builds environments: ``azlocal.machinelearning.jobs.environments.Environments``, shared with jobs."""

    def log(self, definition: Definition) -> Path:
        """What was said while it was built."""

    def is_ready(self, definition: Definition) -> bool:
        """Whether it is built."""

    async def ready(self, definition: Definition) -> Path:
        """Wait until it is built; its folder."""


class Preparation:
    """Makes deployments ready to start."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._own: Environments | None = None
        self._data: Data | None = None

    def folder(self, deployment: str) -> Path:
        """Where everything of a deployment is."""
        return self._azure.folder.sub("endpoints", hashlib.sha256(deployment.lower().encode()).hexdigest()[:24])

    async def launch(self, deployment: Resource) -> Launch:
        """Download and build what a deployment needs.

        Raises:
            ArmError: what is missing or cannot be built, with Azure's code for it.
        """
        home = self.folder(deployment.key)
        log.note(self._azure.state, deployment.key, home)
        said = log.file_of(home, log.STORAGE_INITIALIZER)
        content = home / self._fingerprint(deployment)
        if not content.is_dir():
            await self._fetch(deployment, content, said)
        python = await self._python(deployment, content, said)
        return Launch(python, self._variables(deployment, content, python), content / "code",
                      log.file_of(home, log.INFERENCE_SERVER))  # fmt: skip

    def tidy(self, launch: Launch) -> None:
        """Remove what a deployment's earlier processes were started from; none of them may run any more."""
        content = launch.folder.parent
        for child in content.parent.iterdir():
            if child.is_dir() and child != content:
                shutil.rmtree(child, ignore_errors=True)

    def forget(self, deployment: str) -> None:
        """Remove everything of a deployment that is gone."""
        log.forget(self._azure.state, deployment)
        shutil.rmtree(self.folder(deployment), ignore_errors=True)

    def _fingerprint(self, deployment: Resource) -> str:
        properties = deployment.properties
        state = self._azure.state
        assets = [properties.get("model"), (properties.get("codeConfiguration") or {}).get("codeId")]
        found = [_find(state, str(one)) if one else None for one in assets]
        content = [[one.id, one.created] if one else None for one in found]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]

    async def _fetch(self, deployment: Resource, content: Path, said: Path) -> None:
        """Model and code, whole or not at all."""
        partial = content.with_name(f"{content.name}.{uuid.uuid4().hex[:8]}")
        try:
            for part in ("model", "code"):
                (partial / part).mkdir(parents=True)
            properties = deployment.properties
            if model := properties.get("model"):
                found = self._asset(model, "model")
                uri = str(found.properties["modelUri"])
                shares = found.type == shared.MODEL_VERSION  # a registry gives who deploys from it a link
                await self._download(deployment, uri, partial / "model", said, keep_name=True, allowed=shares)
            if code := (properties.get("codeConfiguration") or {}).get("codeId"):
                uri = str(self._asset(code, "code").properties["codeUri"])
                await self._download(deployment, uri, partial / "code", said, keep_name=False)
            shutil.copyfile(_MLFLOW_SCRIPT, partial / "code" / _MLFLOW_ENTRY)
            partial.rename(content)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _asset(self, asset_id: str, kind: str) -> Resource:
        found = _find(self._azure.state, asset_id)
        if found is None:
            raise ArmError(400, "ResourceNotFound", f"The {kind} '{asset_id}' does not exist any more.")
        return found

    async def _download(
        self, deployment: Resource, uri: str, folder: Path, said: Path, *, keep_name: bool, allowed: bool = False
    ) -> None:
        """Bring an asset below a folder; a model keeps the last name of its path, as in Azure's containers."""
        from azlocal.machinelearning.data import DataError

        data = self._reader()
        place = data.places.locate(_workspace(deployment), uri)
        name = uri.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
        target = folder / name if keep_name else folder
        log.write(said, f"downloading {uri}")
        try:
            if not allowed:
                self._allow(deployment, place)
            await data.fetch(place, target, single=False)
        except DataError as error:
            log.write(said, f"failed: {error}")
            raise ArmError(400, "BadArgument", f"Unable to download '{uri}': {error}") from None
        if keep_name and (single := target / name).is_file() and len(list(target.iterdir())) == 1:
            _lift(single, target)
        log.write(said, "done")

    def _reader(self) -> Data:
        if self._data is None:
            from azlocal.machinelearning.data import Data
            from azlocal.machinelearning.places import Places
            from azlocal.machinelearning.runs import Runs

            self._data = Data(self._azure, Places(self._azure.state, Runs(self._azure.state)))
        return self._data

    def _allow(self, deployment: Resource, place: Place | Web) -> None:
        """The endpoint's identity must be allowed to read.

        A system-assigned one is given Storage Blob Data Reader on the workspace's account by Azure itself
        (Microsoft Learn, "Access Azure resources from an online endpoint"); any other needs the role.
        """
        from azlocal.machinelearning import identities
        from azlocal.machinelearning.data import DataError
        from azlocal.machinelearning.places import Place

        if not isinstance(place, Place) or place.has_credentials:
            return
        endpoint = self._azure.state.get(_endpoint(deployment))
        kind = str(((endpoint.body if endpoint else {}).get("identity") or {}).get("type", "")).lower()
        if "systemassigned" in kind and place.account == self._workspace_account(deployment):
            return
        principal = identities.of_resource(self._azure.control, endpoint)
        if principal is None:
            raise DataError("the endpoint has no identity to read it with")
        self._reader().require(principal, place, "read")

    def _workspace_account(self, deployment: Resource) -> str:
        workspace = self._azure.state.get(_workspace(deployment))
        return str(workspace.properties.get("storageAccount", "") if workspace else "").rsplit("/", 1)[-1].lower()

    async def _python(self, deployment: Resource, content: Path, said: Path) -> Path:
        from azlocal.machinelearning.jobs.environments import BuildError

        definition = self._definition(deployment, content)
        environments = self._environments()
        if not environments.is_ready(definition):
            log.write(said, "building the environment")
        try:
            folder = await environments.ready(definition)
        except BuildError as error:
            log.write(said, f"the environment cannot be built: {error}")
            raise ArmError(
                400,
                "ImageBuildFailure",
                f"The environment of the deployment '{deployment.name}' cannot be built: {error}",
            ) from None
        return folder / "bin" / "python"

    def _definition(self, deployment: Resource, content: Path) -> Definition:
        """The deployment's environment, or the one that an MLflow model brings in its conda.yaml."""
        from azlocal.machinelearning.jobs import definitions

        if environment := deployment.properties.get("environmentId"):
            found = self._asset(str(environment), "environment")
            return definitions.read(found.properties, "/".join(found.id.split("/")[-3::2]))
        for file in sorted((content / "model").rglob("MLmodel")):
            conda = file.with_name("conda.yaml")
            if conda.is_file():
                return definitions.read({"condaFile": conda.read_text()}, f"of the model {file.parent.name}")
        raise ArmError(
            400,
            "BadArgument",
            f"The deployment '{deployment.name}' names no environment, and its model has no conda.yaml beside an"
            " MLmodel file to build one from.",
        )

    def _environments(self) -> Environments:
        """The builder that jobs use, so that an environment is built once for both."""
        from azlocal.machinelearning.service import MachineLearning

        service = self._azure.services.get("machinelearning")
        if isinstance(service, MachineLearning):
            return service.jobs.commands.environments
        if self._own is None:
            from azlocal.machinelearning.jobs.environments import Environments as Builder

            self._own = Builder(self._azure.folder)
        return self._own

    def _variables(self, deployment: Resource, content: Path, python: Path) -> dict[str, str]:
        """What the processes find: their machine, the contract's variables, the deployment's own."""
        from azlocal.machinelearning.jobs.variables import of_machine

        properties = deployment.properties
        (content / "tmp").mkdir(exist_ok=True)
        script = (properties.get("codeConfiguration") or {}).get("scoringScript") or _MLFLOW_ENTRY
        return {
            **of_machine(self._azure, python.parents[1], content),
            **self._identity(deployment),
            **{name: str(value) for name, value in (properties.get("environmentVariables") or {}).items()},
            "AZUREML_APP_ROOT": str(content / "code"),
            "AZUREML_ENTRY_SCRIPT": str(script),
            "AZUREML_MODEL_DIR": str(content / "model"),
        }

    def _identity(self, deployment: Resource) -> dict[str, str]:
        """The endpoint's managed identity, as azure-identity finds it."""
        from azlocal.gateway.instance import allow_identity
        from azlocal.machinelearning import identities

        endpoint = self._azure.state.get(_endpoint(deployment))
        principal = identities.of_resource(self._azure.control, endpoint)
        if principal is None:
            return {}
        secret = self._azure.folder.secret(f"endpoint-{principal.object_id}")
        return allow_identity(self._azure, secret, principal.object_id)


def _find(state: State, asset_id: str) -> Resource | None:
    """An asset of a workspace by its ARM id, or one of a registry by its URI."""
    if found := shared.find(state, asset_id):
        return found[1]
    return state.get(asset_id.lower())


def _lift(single: Path, target: Path) -> None:
    """A model that is one file lies in the model folder itself."""
    aside = target.with_name(f"{target.name}.file")
    single.rename(aside)
    target.rmdir()
    aside.rename(target)


def _endpoint(deployment: Resource) -> str:
    return deployment.key.rpartition("/deployments/")[0]


def _workspace(deployment: Resource) -> str:
    return deployment.key.partition("/onlineendpoints/")[0]


def launch_key(launch: Launch) -> Any:
    """Equal for launches that start the same thing."""
    return (launch.python, launch.folder, tuple(sorted(launch.environment.items())))
