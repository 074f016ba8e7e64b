"""Prepare, train, evaluate: the pipeline that makes a model from a version of the data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ml.data.lake import DATASET

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob

    from ml.workspace import Workspace

DEFINITION = Path(__file__).with_name("training.yaml")
STEPS = ("prepare", "train", "evaluate")
COMPONENTS = Path(__file__).parents[1] / "components"
INPUTS_TAG = "inputs"  # of a pipeline: the fingerprint of all that it is made of


@dataclass(frozen=True)
class TrainingArgs:
    """What a training is made of.

    Args:
        data_version: version of the data asset.
        environment: the jobs' environment, `name:version`.
        first_test_month: months before it are learnt from, it and later ones are held out.
        trees: number of boosted trees.
        leaves: leaves of each.
        commit: the code's commit, for the lineage.
    """

    data_version: str
    environment: str
    first_test_month: int = 10
    trees: int = 200
    leaves: int = 31
    commit: str = "unknown"


def fingerprint(args: TrainingArgs) -> str:
    """Sixteen hexadecimal digits: two trainings with the same ones would do the same."""
    digest = hashlib.sha256(json.dumps(asdict(args) | {"commit": ""}, sort_keys=True).encode())
    for file in sorted(COMPONENTS.rglob("*")):
        if file.suffix in {".py", ".yaml"}:
            digest.update(f"\n{file.relative_to(COMPONENTS).as_posix()}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def build(workspace: Workspace, args: TrainingArgs) -> PipelineJob:
    """The pipeline of training.yaml, with exact versions instead of latest ones, ready to submit."""
    from azure.ai.ml import load_job
    from azure.ai.ml.entities import PipelineJob

    # Azure's own ${{name}}: each job writes to a folder of its own in the lake.
    features = f"azureml://datastores/{workspace.datastore('features')}/paths/flight-delay/${{{{name}}}}/"
    chosen = {
        "settings.default_compute": f"azureml:{workspace.outputs.cpu_cluster}",
        "inputs.raw.path": f"azureml:{DATASET}:{args.data_version}",
        "inputs.version": args.data_version,
        "inputs.first_test_month": args.first_test_month,
        "inputs.trees": args.trees,
        "inputs.leaves": args.leaves,
        "jobs.prepare.outputs.features.path": features,
        "tags.data": f"{DATASET}:{args.data_version}",
        "tags.commit": args.commit,
        f"tags.{INPUTS_TAG}": fingerprint(args),
    }
    job = cast(PipelineJob, load_job(DEFINITION, params_override=[{key: value} for key, value in chosen.items()]))
    for step in STEPS:
        job.jobs[step].component.environment = f"azureml:{args.environment}"
    return job
