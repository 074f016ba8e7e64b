"""What leaves the workspace's managed network, as data and as Azure takes it.

What Azure ML itself needs, and the workspace's own storage, vault and registry where they are private, Azure adds
by itself (machine-learning/how-to-managed-network#list-of-required-rules).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra import settings

Rule = ml.FqdnOutboundRuleArgs | ml.PrivateEndpointOutboundRuleArgs | ml.ServiceTagOutboundRuleArgs


@dataclass(frozen=True)
class PrivateTarget:
    """A private endpoint in the managed network: its rule's name, the resource it leads to, the group there."""

    name: str
    target: str
    group: str


LAKE, STORAGE = "lake", "storage"
PRIVATE_TARGETS: tuple[PrivateTarget, ...] = (
    PrivateTarget("lake-blob", LAKE, "blob"),
    PrivateTarget("lake-dfs", LAKE, "dfs"),
    # Azure adds blob and file; batch and parallel jobs use these.
    PrivateTarget("storage-queue", STORAGE, "queue"),
    PrivateTarget("storage-table", STORAGE, "table"),
)


def rules(given: settings.Workspace, targets: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[Rule]]:
    """The rules by name: private endpoints always, hosts and service tags where not everything may leave."""
    network = given.managed_network
    found: dict[str, pulumi.Input[Rule]] = {
        row.name: _private(targets[row.target], row.group, spark=network.include_spark) for row in PRIVATE_TARGETS
    }
    if given.isolation_mode == "AllowOnlyApprovedOutbound":
        for name, host in network.hosts.items():
            found[name] = ml.FqdnOutboundRuleArgs(type="FQDN", category="UserDefined", destination=host)
        for tag in network.service_tags:
            found[tag.name] = _service_tag(tag.tag, tag.ports, tag.protocol)
    return found


def _private(target: pulumi.Input[str], group: str, *, spark: bool) -> ml.PrivateEndpointOutboundRuleArgs:
    return ml.PrivateEndpointOutboundRuleArgs(
        type="PrivateEndpoint",
        category="UserDefined",
        destination=ml.PrivateEndpointDestinationArgs(
            service_resource_id=target, subresource_target=group, spark_enabled=spark
        ),
    )


def _service_tag(tag: str, ports: str, protocol: str) -> ml.ServiceTagOutboundRuleArgs:
    return ml.ServiceTagOutboundRuleArgs(
        type="ServiceTag",
        category="UserDefined",
        destination=ml.ServiceTagDestinationArgs(service_tag=tag, port_ranges=ports, protocol=protocol),
    )
