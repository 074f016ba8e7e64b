"""The environment of a job's process, as Azure ML sets it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from azlocal.arm.ids import segment_after
from azlocal.arm.locations import normalize
from azlocal.azure import Azure
from azlocal.entra.principals import Principal
from azlocal.entra.tokens import MANAGEMENT
from azlocal.environment import proxy_variables
from azlocal.machinelearning.runs import Run
from azlocal.state import Resource

_TOKEN_LIFE = 30 * 24 * 3600  # seconds: the longest a job may run
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def tracking_host(workspace: Resource) -> str:
    """The host of the workspace's data plane."""
    return f"{normalize(workspace.body['location'])}.api.azureml.ms"


def of_run(azure: Azure, workspace: Resource, run: Run, creator: Principal) -> dict[str, str]:
    """What tells a process which run it is, and lets it log to it.

    The token is the run's own: it speaks for whoever sent the job, as Azure's run token does.
    """
    host = tracking_host(workspace)
    token = azure.authority.issue(creator, MANAGEMENT[0], lifetime=_TOKEN_LIFE)
    return {
        "AZUREML_RUN_ID": run.id,
        "AZUREML_ROOT_RUN_ID": run.root,
        "AZUREML_EXPERIMENT_ID": run.experiment_id,
        "AZUREML_EXPERIMENT_SCOPE": f"{workspace.id}/experiments/{run.experiment}",
        "AZUREML_ARM_SUBSCRIPTION": segment_after(workspace.id, "subscriptions") or "",
        "AZUREML_ARM_RESOURCEGROUP": segment_after(workspace.id, "resourcegroups") or "",
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_PROJECT_NAME": run.experiment,
        "AZUREML_WORKSPACE_ID": workspace.properties["workspaceId"],
        "AZUREML_WORKSPACE_SCOPE": workspace.id,
        "AZUREML_SERVICE_ENDPOINT": f"https://{host}",
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"https://{host}/discovery",
        "AZUREML_RUN_TOKEN": token,
        "AZUREML_RUN_TOKEN_EXPIRY": str(int(time.time()) + _TOKEN_LIFE),
        "MLFLOW_TRACKING_URI": f"azureml://{host}/mlflow/v1.0{workspace.id}",
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_RUN_ID": run.id,
        "MLFLOW_EXPERIMENT_ID": run.experiment_id,
        "MLFLOW_EXPERIMENT_NAME": run.experiment,
    }


def of_machine(azure: Azure, environment: Path, home: Path) -> dict[str, str]:
    """What a process finds on its machine: the environment's Python first, the way to Azure, a home of its own."""
    return {
        **proxy_variables(azure.folder, f"http://127.0.0.1:{azure.port}"),
        "PATH": f"{environment / 'bin'}:{_SYSTEM_PATH}",
        "VIRTUAL_ENV": str(environment),
        "CONDA_DEFAULT_ENV": str(environment),
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
    }


def of_data(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, str]:
    """Where each input and output is."""
    return {
        **{f"AZURE_ML_INPUT_{name}": value for name, value in inputs.items()},
        **{f"AZURE_ML_OUTPUT_{name}": value for name, value in outputs.items()},
        **{f"AZUREML_DATAREFERENCE_{name}": value for name, value in {**inputs, **outputs}.items()},
    }
