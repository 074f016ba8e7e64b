"""Where a URI points: from ``azureml://``, ``wasbs://``, ``abfss://`` and ``https://`` to account, container, path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from azlocal.arm.errors import ArmError, not_served
from azlocal.machinelearning.assets import references
from azlocal.machinelearning.runs import Runs
from azlocal.state import Resource, State

ARTIFACT_STORE = "workspaceartifactstore"
_DATASTORE = re.compile(
    r"azureml://(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?datastores/(?P<name>[^/]+)"
    r"(?:/paths(?:/(?P<path>.*))?)?",
    re.IGNORECASE,
)
_JOB = re.compile(
    r"azureml://jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths)?(?:/(?P<path>.*))?", re.IGNORECASE
)
_RUN = re.compile(r"runs:/(?P<job>[^/]+)/(?P<path>.*)", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?P<account>[a-z0-9]+)\.(?P<service>blob|dfs)\.core\.windows\.net", re.IGNORECASE)
_CONTAINER_KEYS = {"AzureBlob": "containerName", "AzureDataLakeGen2": "filesystem"}
_COLLECTIONS = ("data", "models")


@dataclass(frozen=True, slots=True)
class Place:
    """A path in a container; ``datastore`` where it was reached through one, with the credentials that one has."""

    account: str
    container: str
    path: str
    datastore: Resource | None = None

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.account}/{self.container}/{self.path}"

    @property
    def uri(self) -> str:
        """The URI through the datastore, or of the blob."""
        if self.datastore:
            return f"azureml://datastores/{self.datastore.name}/paths/{self.path}"
        return f"https://{self.account}.blob.core.windows.net/{self.container}/{self.path}"

    @property
    def has_credentials(self) -> bool:
        """Whether the datastore signs in by itself, so that nobody's roles decide."""
        credentials = (self.datastore.properties.get("credentials") if self.datastore else None) or {}
        return str(credentials.get("credentialsType", "None")) != "None"

    def below(self, name: str) -> Place:
        """A place inside this one."""
        path = "/".join(part for part in (self.path.strip("/"), name) if part)
        return Place(self.account, self.container, path, self.datastore)


@dataclass(frozen=True, slots=True)
class Web:
    """A file somewhere else, fetched as anybody may."""

    url: str


class Places:
    """Resolves URIs in a workspace (its lower-cased id)."""

    def __init__(self, state: State, runs: Runs) -> None:
        self._state = state
        self._runs = runs

    def locate(self, workspace: str, uri: str) -> Place | Web:
        """Where a URI points.

        Raises:
            ArmError: 400 UserError, it is none that is known, or names what is not there; 501 for file shares.
        """
        for pattern, resolve in ((_DATASTORE, self._in_datastore), (_JOB, self._of_job), (_RUN, self._of_run)):
            if match := pattern.fullmatch(uri):
                return resolve(workspace, match)
        parts = urlsplit(uri)
        if parts.scheme in {"wasbs", "wasb", "abfss", "abfs"}:
            return _in_account(uri, parts.hostname or "", parts.username or "", unquote(parts.path))
        if parts.scheme in {"http", "https"}:
            if _ACCOUNT.fullmatch(parts.hostname or ""):
                container, _, path = unquote(parts.path).lstrip("/").partition("/")
                return _in_account(uri, parts.hostname or "", container, path)
            return Web(uri)
        return self._asset(workspace, uri)

    def datastore(self, workspace: str, name: str) -> Resource:
        """A datastore by its name.

        Raises:
            ArmError: 400 UserError, there is none.
        """
        found = self._state.get(f"{workspace}/datastores/{name}".lower())
        if found is None:
            raise ArmError(
                400,
                "UserError",
                f"The datastore '{name}' was not found in the workspace '{workspace.rsplit('/', 1)[-1]}'. Create it, or"
                " correct its name.",
            )
        return found

    def in_datastore(self, workspace: str, name: str, path: str) -> Place:
        """A path in a datastore.

        Raises:
            ArmError: 400 for an unknown datastore, 501 for one that is not of blobs.
        """
        store = self.datastore(workspace, name)
        kind = str(store.properties.get("datastoreType"))
        if kind not in _CONTAINER_KEYS:
            raise not_served(f"reading and writing the datastore '{name}' of type '{kind}'")
        return Place(store.properties["accountName"], store.properties[_CONTAINER_KEYS[kind]], path.strip("/"), store)

    def default_datastore(self, workspace: str) -> str:
        """The name of the workspace's default datastore."""
        for store in self._state.children(workspace, f"{references.PROVIDER}/workspaces/datastores"):
            if store.properties.get("isDefault"):
                return store.name
        return "workspaceblobstore"

    def artifacts(self, workspace: str, run_id: str, path: str = "") -> Place:
        """Where a run's logs and artifacts are."""
        return self.in_datastore(workspace, ARTIFACT_STORE, f"ExperimentRun/dcid.{run_id}/{path}")

    def _in_datastore(self, workspace: str, match: re.Match[str]) -> Place:
        return self.in_datastore(workspace, match["name"], unquote(match["path"] or ""))

    def _of_job(self, workspace: str, match: re.Match[str]) -> Place | Web:
        """An output of a job: ``artifacts`` are what it logged, any other name is one it declared."""
        if match["output"].lower() == "artifacts":
            return self.artifacts(workspace, match["job"], (match["path"] or "").strip("/"))
        run = self._runs.get(workspace, match["job"])
        if run is None:
            name = workspace.rsplit("/", 1)[-1]
            raise ArmError(400, "UserError", f"The job '{match['job']}' was not found in the workspace '{name}'.")
        output = run.outputs.get(match["output"])
        if output is None:
            has = ", ".join(sorted(run.outputs)) or "none"
            raise ArmError(
                400,
                "UserError",
                f"The job '{match['job']}' has no output '{match['output']}' (it has: {has}).",
            )
        found = self.locate(workspace, output["uri"])
        path = (match["path"] or "").strip("/")
        return found.below(path) if path and isinstance(found, Place) else found

    def _of_run(self, workspace: str, match: re.Match[str]) -> Place:
        return self.artifacts(workspace, match["job"], match["path"].strip("/"))

    def _asset(self, workspace: str, uri: str) -> Place | Web:
        for collection in _COLLECTIONS:
            reference = references.parse(uri, workspace, collection)
            if reference is None:
                break
            found = references.find(self._state, reference)
            if found is not None:
                target = found.properties.get("dataUri") or found.properties.get("modelUri")
                return self.locate(reference.workspace, str(target))
        if reference is None:
            raise ArmError(
                400,
                "UserError",
                f"'{uri}' is no URI that a job can read. Write azureml://datastores/NAME/paths/PATH,"
                " azureml:name:version, wasbs://, abfss:// or https://.",
            )
        raise ArmError(
            400,
            "UserError",
            f"The asset '{reference}' was not found in the workspace '{workspace.rsplit('/', 1)[-1]}'. Register it"
            " first, or name a version that exists.",
        )


def _in_account(uri: str, host: str, container: str, path: str) -> Place:
    match = _ACCOUNT.fullmatch(host)
    if match is None or not container:
        raise ArmError(
            400,
            "UserError",
            f"'{uri}' names no container of a storage account. Write scheme://CONTAINER@ACCOUNT.SERVICE.core.windows.net"
            "/PATH.",
        )
    return Place(match["account"].lower(), container, path.strip("/"))
