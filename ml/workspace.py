"""The workspace that this runs in, as the environment names it: nothing here knows which one it is.

AZURE_SUBSCRIPTION_ID holds the subscription, STACK_OUTPUTS the path of what
`pulumi stack output --json` printed for the environment. The credential is whatever azure-identity finds.
"""

from __future__ import annotations

import hashlib
import logging
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.errors import MlError

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential


class StackOutputs(BaseModel):
    """The outputs of the platform's stack that are used here; a stack has more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    resource_group: str
    workspace_name: str
    workspace_id: str
    lake_blob_endpoint: str
    lake_datastores: dict[str, str]
    cpu_cluster: str
    kubernetes_compute: str
    promotion_registry: str = ""


def read_outputs(path: Path) -> StackOutputs:
    """The outputs in a JSON file; MlError names all that is missing or of a wrong type at once."""
    try:
        return StackOutputs.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise MlError(f"STACK_OUTPUTS names {path}, which does not exist", OUTPUTS_HINT) from None
    except OSError as error:
        raise MlError(f"STACK_OUTPUTS names {path}, which cannot be read: {error.strerror}", OUTPUTS_HINT) from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: {fault['msg']}" for fault in error.errors()
        )
        raise MlError(f"{path} does not hold the stack's outputs: {faults}", OUTPUTS_HINT) from None


OUTPUTS_HINT = "write the file with `pulumi stack output --json` and set STACK_OUTPUTS to its path"
HINTS = {
    "AZURE_SUBSCRIPTION_ID": "set AZURE_SUBSCRIPTION_ID to the id of the platform's subscription",
    "STACK_OUTPUTS": OUTPUTS_HINT,
}


class Workspace:
    """The clients of one workspace, made when first needed: the SDK alone takes seconds to import."""

    def __init__(self, subscription: str, outputs: StackOutputs) -> None:
        self.subscription = subscription
        self.outputs = outputs

    @classmethod
    def from_environment(cls) -> Workspace:
        """The workspace that AZURE_SUBSCRIPTION_ID and STACK_OUTPUTS name, or an MlError that says what is unset."""
        missing = [name for name in ("AZURE_SUBSCRIPTION_ID", "STACK_OUTPUTS") if not os.environ.get(name)]
        if missing:
            hint = "; ".join(HINTS[name] for name in missing)
            raise MlError(f"{' and '.join(missing)} not set: no workspace to work with", hint)
        return cls(os.environ["AZURE_SUBSCRIPTION_ID"], read_outputs(Path(os.environ["STACK_OUTPUTS"])))

    @cached_property
    def credential(self) -> DefaultAzureCredential:
        """Environment, workload identity, managed identity or a login of `az`: the first that is there."""
        from azure.identity import DefaultAzureCredential

        # It logs each source that it tried in vain; what matters of that is in the error it raises.
        logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
        return DefaultAzureCredential(exclude_interactive_browser_credential=True)

    @cached_property
    def client(self) -> MLClient:
        """The Azure ML SDK's client, without its progress bars and notes on experimental classes."""
        from azure.ai.ml import MLClient

        logging.getLogger("azure.ai.ml").setLevel(logging.ERROR)
        outputs = self.outputs
        return MLClient(
            self.credential, self.subscription, outputs.resource_group, outputs.workspace_name, show_progress=False
        )

    def registry(self, name: str) -> MLClient:
        """The client of an Azure ML registry."""
        from azure.ai.ml import MLClient

        logging.getLogger("azure.ai.ml").setLevel(logging.ERROR)
        return MLClient(self.credential, registry_name=name, show_progress=False)

    def datastore(self, zone: str) -> str:
        """The datastore's name of a zone of the lake: raw, curated, features or scores."""
        try:
            return self.outputs.lake_datastores[zone]
        except KeyError:
            known = ", ".join(sorted(self.outputs.lake_datastores))
            raise MlError(f"the stack has no datastore for the lake's zone {zone!r}, only {known}") from None

    def unique_name(self, name: str) -> str:
        """A name that no other workspace of the region uses, and this one always does."""
        return f"{name}-{hashlib.sha256(self.outputs.workspace_id.lower().encode()).hexdigest()[:6]}"
