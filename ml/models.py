"""The model registry: a model with where it came from."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ml.errors import MlError

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model

NAME = "flight-delay"


@dataclass(frozen=True)
class Registered:
    """A version of a registered model."""

    name: str
    version: str
    tags: dict[str, str] = field(default_factory=dict)
    registry: str = ""  # that it is in; empty for the workspace's own

    @property
    def reference(self) -> str:
        """`name:version`."""
        return f"{self.name}:{self.version}"

    @property
    def asset(self) -> str:
        """What a deployment calls it."""
        if self.registry:
            return f"azureml://registries/{self.registry}/models/{self.name}/versions/{self.version}"
        return f"azureml:{self.reference}"

    @property
    def source_job(self) -> str:
        """The training that it came from."""
        if "source_job" not in self.tags:
            raise MlError(f"model {self.reference} has no tag source_job", "deploy a model of `ml train`")
        return self.tags["source_job"]

    @classmethod
    def of(cls, model: Model) -> Registered:
        """From what the SDK returns."""
        return cls(str(model.name), str(model.version), dict(model.tags or {}))


def code_commit(folder: Path = Path(__file__).parent) -> str:
    """The commit that the code is at, with `-changed` if it isn't quite; `unknown` outside a repository."""
    git = ["git", "-C", str(folder)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True, text=True)
        changes = subprocess.run([*git, "status", "--porcelain", "."], capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("-changed" if changes.stdout.strip() else "")


def register(client: MLClient, job_name: str, lineage: dict[str, str]) -> Registered:
    """The job's model as the next version, or the version that was registered from this job before."""
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Model

    for known in versions(client):
        if known.tags.get("source_job") == job_name:
            return known
    model = Model(
        name=NAME,
        path=f"azureml://jobs/{job_name}/outputs/model",
        type=AssetTypes.MLFLOW_MODEL,
        description="Arrival delay of a flight in minutes, at the start of the hour of its departure",
        tags={"source_job": job_name, **lineage},
    )
    return Registered.of(client.models.create_or_update(model))


def versions(client: MLClient) -> list[Registered]:
    """All versions, the newest last; none before the first training."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        known = [Registered.of(model) for model in client.models.list(NAME)]
    except ResourceNotFoundError:
        return []
    return sorted(known, key=lambda model: int(model.version))


def find(client: MLClient, version: str = "") -> Registered:
    """A version of the model, the newest if none is named; MlError if there is none."""
    known = versions(client)
    if not known:
        raise MlError(f"the workspace has no model {NAME}", "train one: `ml train`")
    chosen = [model for model in known if version in ("", model.version)]
    if not chosen:
        listed = ", ".join(model.version for model in known)
        raise MlError(f"the model {NAME} has no version {version}, only {listed}", "choose one with --model-version")
    return chosen[-1]
