"""Settings of AKS and of what serves on it."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from infra.settings.base import Block, ComputeName, DnsLabel, Quantity

TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class NodePool(Block):
    """A pool of the Kubernetes cluster, scaled between two sizes."""

    vm_size: str = Field(pattern=r"^Standard_\w+$")
    min_nodes: int = Field(ge=1, le=1000)
    max_nodes: int = Field(ge=1, le=1000)
    os_disk_gb: int = Field(default=128, ge=30, le=2048)
    os_disk_type: Literal["Ephemeral", "Managed"] = Field(
        default="Ephemeral", description="Ephemeral: on the machine itself, faster and gone with it; needs the room"
    )


class WorkloadPool(NodePool):
    """The pool for models."""

    take_over: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9]{0,11}$",
        description="a pool that is there, such as workload of an earlier version: it becomes this one as it is; the "
        "first up without the setting makes its successor and deletes it",
    )


class Window(Block):
    """A weekly maintenance window."""

    day: Weekday
    start: TimeOfDay = Field(description="hh:mm")
    hours: int = Field(ge=4, le=24, description="AKS needs 4 at least")
    utc_offset: str = Field(default="+00:00", pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$")


class Maintenance(Block):
    """When AKS may upgrade what: the cluster's version, and its nodes' images."""

    cluster: Window
    nodes: Window


class LocalAccounts(Block):
    """The exception from identities only: the cluster's own administrator certificate."""

    reason: str = Field(min_length=20, max_length=256, description="why Trusted Access is not enough")
    until: date = Field(description="yyyy-mm-dd, quoted; the day on which the exception ends")


class Cluster(Block):
    """AKS."""

    kubernetes_version: str = Field(pattern=r"^1\.\d{2}$", description="minor version such as 1.34; AKS keeps N-2")
    tier: Literal["Free", "Standard", "Premium"]
    zones: tuple[Literal["1", "2", "3"], ...]
    system_pool: NodePool
    workload_pool: WorkloadPool
    pod_cidr: IPv4Network
    service_cidr: IPv4Network
    dns_service_ip: IPv4Address
    network_policy: Literal["calico", "cilium", "azure"] = Field(
        default="calico", description="what enforces Kubernetes' network policies; cannot be changed after creation"
    )
    private: bool = Field(description="the API server answers inside the network only; cannot be changed later")
    authorized_ip_ranges: tuple[IPv4Network, ...] = Field(default=(), description="who reaches a public API server")
    local_accounts: LocalAccounts | None = Field(
        default=None,
        description="none: Trusted Access makes them unnecessary for Azure Machine Learning; else a reason and a date",
    )
    upgrade_channel: Literal["patch", "stable", "rapid", "node-image"] = "patch"
    node_os_upgrade_channel: Literal["NodeImage", "SecurityPatch"] = "NodeImage"
    maintenance: Maintenance
    host_encryption: bool = Field(
        description="disks encrypted on the machine; the subscription registers Microsoft.Compute/EncryptionAtHost"
    )
    defender: bool = Field(description="Microsoft Defender's sensor on the nodes; billed by core")


class Resources(Block):
    """Processor and memory in Kubernetes' notation."""

    cpu: Quantity
    memory: Quantity


class InstanceType(Block):
    """What one replica of a deployment or one job gets."""

    requests: Resources
    limits: Resources


class Tls(Block):
    """The certificate of the scoring host name."""

    ssl_secret: DnsLabel = Field(description="Kubernetes secret in namespace azureml with cert.pem and key.pem")
    ssl_cname: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", description="host name of the scoring address")
    source: Literal["vault", "cluster"] = Field(
        default="vault",
        description="vault: kept in Key Vault and mounted by its driver; cluster: in the Kubernetes secret alone",
    )
    certificate: SecretStr | None = Field(
        default=None,
        description="PEM with its chain; with privateKey the program puts it where source says, else it is there",
    )
    private_key: SecretStr | None = Field(default=None, description="PEM without a passphrase, set with --secret")
    expires: date | None = Field(default=None, description="yyyy-mm-dd, quoted; the certificate's last day")


class Serving(Block):
    """The Azure ML extension and the compute attached through it."""

    compute_name: ComputeName
    namespace: DnsLabel
    service_account: DnsLabel
    training: bool
    high_availability: bool = Field(description="three routers; needs at least three workload nodes")
    allow_insecure_connections: bool = False
    tls: Tls | None = None
    router_address: IPv4Address | None = Field(
        default=None, description="the router's, in the ingress subnet; by default the subnet's first free one"
    )
    default_instance_type: str
    instance_types: dict[DnsLabel, InstanceType] = Field(min_length=1)
