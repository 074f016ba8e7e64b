"""Making endpoints and deployments through the unmodified SDK."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from tests.azlocal.machinelearning.support import unique

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

SCRIPT = """
import json, os

def init():
    global factor
    path = os.path.join(os.environ["AZUREML_MODEL_DIR"], "factor.json")
    with open(path) as file:
        factor = json.load(file)["factor"]
    print("the factor is", factor)

def run(raw_data):
    values = json.loads(raw_data)["data"]
    return {"values": [factor * value for value in values], "pid": os.getpid()}
"""


@dataclass
class Caller:
    """Sends requests to an endpoint as a client without the SDK would."""

    uri: str
    key: str

    def __call__(self, body: Any = None, *, raw: bytes | None = None, **headers: str) -> requests.Response:
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = json.dumps({"data": [1]} if body is None else body).encode() if raw is None else raw
        return requests.post(self.uri, data=data, headers=given, timeout=60)


@dataclass
class Endpoints:
    """Makes endpoints and deployments in the workspace."""

    ml: MLClient
    environment: str
    folder: Path

    def endpoint(self, **properties: Any) -> str:
        from azure.ai.ml.entities import ManagedOnlineEndpoint

        made = self.ml.online_endpoints.begin_create_or_update(
            ManagedOnlineEndpoint(name=unique("ep"), auth_mode="key", **properties)
        ).result()
        return str(made.name)

    def model(self, factor: int) -> Any:
        from azure.ai.ml.entities import Model

        path = self.folder / f"{unique('f')}" / "factor.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"factor": factor}))
        return self.ml.models.create_or_update(Model(name=unique("m"), path=str(path)))

    def entity(self, endpoint: str, name: str, factor: int, script: str = SCRIPT, **properties: Any) -> Any:
        from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment

        code = self.folder / unique("code")
        code.mkdir()
        (code / "score.py").write_text(script)
        return ManagedOnlineDeployment(
            name=name,
            endpoint_name=endpoint,
            model=self.model(factor).id,
            environment=f"azureml:{self.environment}",
            code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
            instance_type="Standard_F4s_v2",
            instance_count=1,
            **properties,
        )

    def deploy(self, endpoint: str, name: str, factor: int, script: str = SCRIPT, **properties: Any) -> Any:
        entity = self.entity(endpoint, name, factor, script, **properties)
        return self.ml.online_deployments.begin_create_or_update(entity).result()

    def traffic(self, endpoint: str, **shares: int) -> None:
        found = self.ml.online_endpoints.get(endpoint)
        found.traffic = shares
        self.ml.online_endpoints.begin_create_or_update(found).result()

    def caller(self, endpoint: str) -> Caller:
        uri = self.ml.online_endpoints.get(endpoint).scoring_uri
        return Caller(uri, self.ml.online_endpoints.get_keys(endpoint).primary_key)
