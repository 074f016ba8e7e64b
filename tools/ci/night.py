"""Stop an environment's cluster for the night, or start it in the morning, where its settings allow it.

STACK_OUTPUTS names the environment's outputs: ``night_stop`` says whether, ``resource_group`` and
``kubernetes_cluster`` say what. Workstations stop by schedules of their own, training clusters go down to no nodes
by themselves (aks/start-stop-cluster: a stopped cluster keeps its objects, and its nodes are not billed).
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from tools.ci.job import StepError, fail, stack_outputs, summarize

STATES = {"stop": "Stopped", "start": "Running"}


def main(arguments: list[str]) -> int:
    """Stop or start."""
    parser = argparse.ArgumentParser(prog="night", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=STATES)
    chosen = parser.parse_args(arguments)
    try:
        said = bring(chosen.action, stack_outputs())
    except StepError as error:
        return fail(error)
    summarize(said)
    sys.stdout.write(f"{said}\n")
    return 0


def bring(action: str, outputs: dict[str, Any]) -> str:
    """Bring the cluster to where an action wants it; what was done, in a sentence.

    Raises:
        StepError: Azure refused.
    """
    if not outputs.get("night_stop"):
        return "This environment has no night stop: governance.nightStop is off in its settings."
    from azure.core.exceptions import AzureError
    from azure.identity import DefaultAzureCredential
    from azure.mgmt.containerservice import ContainerServiceClient

    group, name = outputs["resource_group"], outputs["kubernetes_cluster"]
    with (
        DefaultAzureCredential() as signed,
        ContainerServiceClient(signed, os.environ["AZURE_SUBSCRIPTION_ID"]) as client,
    ):
        clusters = client.managed_clusters
        try:
            before = clusters.get(group, name).power_state
            if before and before.code == STATES[action]:
                return f"{name} is {STATES[action].lower()} already."
            (clusters.begin_stop if action == "stop" else clusters.begin_start)(group, name).result()
        except AzureError as error:
            raise StepError(
                f"{name} can't be brought to {STATES[action]}: {error}", "the identity needs Contributor on the group"
            ) from None
    return f"{name} is {STATES[action].lower()} now."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
