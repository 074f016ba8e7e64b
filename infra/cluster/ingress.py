"""The way in: the router's address in the ingress subnet, and the private name it is found under."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import privatedns

from infra import settings
from infra.block import Block
from infra.cluster.extension import EXTENSION_NAMESPACE
from infra.network.private_endpoints import Zone
from infra.network.tables import INGRESS, ranges
from infra.resource_ids import group_of, name_of

ROUTER = "azureml-fe"
"""The service that the extension puts in front of all deployments."""
FIRST_FREE = 4
"""Azure keeps a subnet's first four addresses, and its last."""
TTL_SECONDS = 300
_ANNOTATION = "service.beta.kubernetes.io/azure-load-balancer"


def address_of(network: settings.Network, serving: settings.Serving) -> IPv4Address:
    """The router's address: the one given, or the ingress subnet's first free one."""
    return serving.router_address or ranges(network).ranges[INGRESS][FIRST_FREE]


@dataclass(frozen=True)
class IngressArgs:
    """What the way in needs.

    Args:
        subnet_id: the ingress subnet; load balancers take their front end from it.
        address: the router's.
        name: the label of its host, and the zone of its domain; none without TLS.
        kubernetes: the cluster's own interface.
        ready: the extension, which makes the router's service.
    """

    subnet_id: pulumi.Output[str]
    address: str
    name: tuple[str, Zone] | None
    kubernetes: kubernetes.Provider
    ready: list[pulumi.Resource]


class Ingress(Block):
    """A fixed private address for the router, and an A record for its host.

    The extension says that the load balancer is internal and not where its front end is: its settings have no key
    for that (machine-learning/how-to-deploy-kubernetes-extension). The service's own annotations do
    (aks/internal-lb#specify-a-different-subnet), so they are added to the service that the extension makes; what the
    extension sets itself stays its own.
    """

    def __init__(self, name: str, args: IngressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        kubernetes.core.v1.ServicePatch(
            f"{name}-router",
            metadata=kubernetes.meta.v1.ObjectMetaPatchArgs(
                name=ROUTER,
                namespace=EXTENSION_NAMESPACE,
                annotations={
                    f"{_ANNOTATION}-internal": "true",
                    f"{_ANNOTATION}-internal-subnet": args.subnet_id.apply(name_of),
                    f"{_ANNOTATION}-ipv4": args.address,
                },
            ),
            opts=self.child(provider=args.kubernetes, depends_on=args.ready),
        )
        if args.name is not None:
            label, zone = args.name
            zone_id = pulumi.Output.from_input(zone.id)
            privatedns.PrivateRecordSet(
                f"{name}-record",
                resource_group_name=zone_id.apply(group_of),
                private_zone_name=zone_id.apply(name_of),
                record_type="A",
                relative_record_set_name=label,
                ttl=TTL_SECONDS,
                a_records=[privatedns.ARecordArgs(ipv4_address=args.address)],
                opts=self.child(provider=zone.provider),
            )
        self.register_outputs({"address": args.address})


def domain_of(host: str) -> str:
    """The zone that a host's record is in."""
    return host.partition(".")[2]


def label_of(host: str) -> str:
    """The record's name in it."""
    return host.partition(".")[0]
