"""The environment of training jobs: made from the lock file, so that a job gets what was tested, hash by hash.

The conda file's pip section takes the syntax of pip's requirement files, so the locked lines go in as they
are and pip refuses anything else (https://pip.pypa.io/en/stable/topics/secure-installs/).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ml.errors import MlError

if TYPE_CHECKING:
    from ml.workspace import Workspace

NAME = "flight-delay-jobs"
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
PYTHON = "3.11"
LOCK = Path(__file__).parents[2] / "locks" / "jobs.txt"


def locked_requirements(lock: str) -> list[str]:
    """The requirements of a lock file, each on one line with its hashes."""
    joined = lock.replace("\\\n", " ")
    lines = (" ".join(line.split()) for line in joined.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def conda_definition(lock: str) -> dict[str, Any]:
    """The conda file's content."""
    return {
        "name": NAME,
        "channels": ["conda-forge"],
        "dependencies": [f"python={PYTHON}", "pip", {"pip": locked_requirements(lock)}],
    }


def version(definition: dict[str, Any], image: str = IMAGE) -> str:
    """Twelve hexadecimal digits over the definition: the same lock file is the same environment."""
    text = image + "\n" + yaml.safe_dump(definition, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def ensure(workspace: Workspace) -> str:
    """Register the environment unless it is; its reference, `name:version`."""
    from azure.ai.ml.entities import Environment
    from azure.core.exceptions import ResourceNotFoundError

    if not LOCK.is_file():
        raise MlError(f"no lock file at {LOCK}", "run from a checkout of the project")
    definition = conda_definition(LOCK.read_text())
    number = version(definition)
    environments = workspace.client.environments
    try:
        environments.get(NAME, version=number)
    except ResourceNotFoundError:
        environments.create_or_update(
            Environment(
                name=NAME,
                version=number,
                image=IMAGE,
                conda_file=definition,
                description="mlflow, LightGBM, scikit-learn: every package pinned and hashed",
            )
        )
    return f"{NAME}:{number}"
