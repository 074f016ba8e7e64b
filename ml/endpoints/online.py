"""The endpoint in Azure: what is there, and the steps of a rollout carried out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ml import console
from ml.endpoints import rollout
from ml.endpoints.rollout import Deployed, Seen
from ml.endpoints.scoring import Scorer, compare
from ml.errors import MlError
from ml.values import plain

if TYPE_CHECKING:
    from ml.models import Registered
    from ml.workspace import Workspace

SETTLED = {"Succeeded", "Failed", "Canceled"}
WAIT = 2.0  # seconds between two looks at an endpoint that is being changed
SMOKE_ROWS = 5
CHECK_REQUESTS = 40  # at a share of 10 %, the chance that none of them meets the new deployment is 1.5 %


def model_reference(model_id: str) -> str:
    """`name:version` of a model's resource id or asset reference."""
    parts = model_id.split("/")
    if "versions" in parts:
        return f"{parts[parts.index('versions') - 1]}:{parts[parts.index('versions') + 1]}"
    return model_id.removeprefix("azureml:")


class OnlineEndpoint:
    """One Kubernetes online endpoint."""

    def __init__(
        self, workspace: Workspace, name: str, model: Registered, sample: pd.DataFrame, instances: int
    ) -> None:
        self.name = name
        self._workspace = workspace
        self._client = workspace.client
        self._model = model
        self._sample = sample
        self._instances = instances

    @property
    def wanted(self) -> str:
        """The model to serve, `name:version`."""
        return self._model.reference

    def look(self) -> Seen:
        """The endpoint as it is once Azure has ended what it is doing there, for a rollout that broke off perhaps."""
        from azure.core.exceptions import ResourceNotFoundError

        while True:
            try:
                endpoint = self._client.online_endpoints.get(self.name)
            except ResourceNotFoundError:
                return Seen()
            if plain(endpoint.provisioning_state) == "Failed":
                return Seen()
            found = {
                item.name: Deployed(model_reference(str(item.model)), plain(item.provisioning_state))
                for item in self._client.online_deployments.list(self.name)
            }
            states = {plain(endpoint.provisioning_state), *(deployed.state for deployed in found.values())}
            if states <= SETTLED:
                return Seen(found, dict(endpoint.traffic or {}))
            time.sleep(WAIT)

    def create(self) -> None:
        """The endpoint, without a deployment. Its tokens are short-lived: there is no key that could leak."""
        from azure.ai.ml.entities import KubernetesOnlineEndpoint

        endpoint = KubernetesOnlineEndpoint(
            name=self.name,
            compute=self._workspace.outputs.kubernetes_compute,
            auth_mode="aml_token",
            description="Arrival delay of flights from New York",
            tags={"model": self._model.name},
        )
        self._client.online_endpoints.begin_create_or_update(endpoint).result()

    def deploy(self, name: str) -> None:
        """The model as a deployment without scoring code: MLflow's format says how to load and ask it."""
        from azure.ai.ml.entities import KubernetesOnlineDeployment
        from azure.core.exceptions import HttpResponseError

        deployment = KubernetesOnlineDeployment(
            name=name,
            endpoint_name=self.name,
            model=self._model.asset,
            instance_count=self._instances,
            app_insights_enabled=True,
            tags=self._model.tags,
        )
        try:
            self._client.online_deployments.begin_create_or_update(deployment).result()
        except HttpResponseError as error:
            raise MlError(f"deployment {name} of {self.wanted} failed: {error.message}", self.log_hint(name)) from None

    def shift(self, traffic: Mapping[str, int]) -> None:
        """Set the shares; deployments that are not named get none."""
        endpoint = self._client.online_endpoints.get(self.name)
        names = [str(item.name) for item in self._client.online_deployments.list(self.name)]
        endpoint.traffic = {name: traffic.get(name, 0) for name in names}
        self._client.online_endpoints.begin_create_or_update(endpoint).result()

    def smoke(self, name: str) -> None:
        """Ask one deployment by name; its answers have to be those of the evaluation."""
        rows = self._sample.head(SMOKE_ROWS)
        with Scorer(self._client, self.name) as scorer:
            try:
                compare(scorer.ask(rows, name), rows["model"])
            except MlError as error:
                raise MlError(f"smoke test of {name}: {error}", self.log_hint(name)) from None

    def check(self, name: str, live: str | None) -> None:
        """Ask as users do. If one request fails, all traffic goes back to the deployment that served before."""
        with Scorer(self._client, self.name) as scorer:
            try:
                for start in range(CHECK_REQUESTS):
                    row = self._sample.iloc[[start % len(self._sample)]]
                    if len(scorer.ask(row).predictions) != 1:
                        raise MlError("an answer without exactly one prediction")
            except MlError as error:
                back = f"; all traffic is back on {live}" if live else ""
                if live:
                    self.shift({live: 100})
                raise MlError(f"check with {name} at {rollout.CANARY} %: {error}{back}", self.log_hint(name)) from None

    def delete(self, name: str) -> None:
        """Remove a deployment."""
        self._client.online_deployments.begin_delete(name, self.name).result()

    def log_hint(self, name: str) -> str:
        """The end of a deployment's log, for a message."""
        from azure.core.exceptions import AzureError

        try:
            log = self._client.online_deployments.get_logs(name, self.name, lines=15)
        except AzureError:
            return f"the log of {name} could not be read; see the endpoint {self.name} in the studio"
        return f"the end of its log:\n{log}" if log.strip() else f"the log of {name} is empty"


def roll_out(endpoint: OnlineEndpoint, tell: Callable[[str], None], *, new: bool = False) -> str:
    """Bring the wanted model to all traffic, from wherever the endpoint is now; the deployment that serves it.

    Args:
        endpoint: the endpoint with the model it is to serve.
        tell: hears each step before it begins.
        new: let a new deployment take over even if the model serves already.
    """
    first = endpoint.look()
    target = rollout.other(first.live) if new and first.live else rollout.target_of(first, endpoint.wanted)
    smoked = checked = False
    before: rollout.Action | None = None
    while True:
        seen = endpoint.look()
        action = rollout.next_action(seen, endpoint.wanted, target, smoked, checked)
        if isinstance(action, rollout.Done):
            return action.name
        tell(describe(action, endpoint))
        if action == before:
            raise MlError(f"Azure accepted it and the endpoint stays as it was: {seen}", "look at it in the studio")
        carry_out(endpoint, action, seen)
        smoked = isinstance(action, rollout.Smoke) or (smoked and not isinstance(action, rollout.Deploy))
        checked = isinstance(action, rollout.Check) or (checked and not isinstance(action, rollout.Deploy))
        before = action


def describe(action: rollout.Action, endpoint: OnlineEndpoint) -> str:
    """An action in words."""
    match action:
        case rollout.CreateEndpoint():
            return f"create endpoint {endpoint.name}"
        case rollout.Deploy(name):
            return f"deploy {endpoint.wanted} as {name}"
        case rollout.Smoke(name):
            return f"smoke test of {name}: {SMOKE_ROWS} flights, answers as in the evaluation"
        case rollout.Shift(traffic):
            return "traffic " + ", ".join(f"{name} {share} %" for name, share in traffic.items())
        case rollout.Check(name):
            return f"check of {CHECK_REQUESTS} requests with {name} at {rollout.CANARY} %"
        case rollout.Delete(name):
            return f"delete {name}"
        case rollout.Done(name):
            return f"{name} serves {endpoint.wanted}"


def carry_out(endpoint: OnlineEndpoint, action: rollout.Action, seen: Seen) -> None:
    """Do it in Azure."""
    with console.quiet():
        match action:
            case rollout.CreateEndpoint():
                endpoint.create()
            case rollout.Deploy(name):
                endpoint.deploy(name)
            case rollout.Smoke(name):
                endpoint.smoke(name)
            case rollout.Shift(traffic):
                endpoint.shift(traffic)
            case rollout.Check(name):
                endpoint.check(name, seen.live)
            case rollout.Delete(name):
                endpoint.delete(name)
            case rollout.Done():
                pass
