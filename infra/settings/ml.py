"""Settings of the Azure Machine Learning workspace and what runs in it."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from infra.settings.base import Block, ComputeName, Host

RuleName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
# Each field of a cron expression with its least and its largest value
# (machine-learning/how-to-create-compute-instance).
_CRON = {"minute": (0, 59), "hour": (0, 23), "day of the month": (1, 31), "month": (1, 12), "day of the week": (0, 6)}
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?")


def _within_its_fields(given: str) -> str:
    for (name, (least, largest)), field in zip(_CRON.items(), given.split(" "), strict=True):
        for part in field.split(","):
            found = _PART.fullmatch(part)
            numbers = [int(one) for one in found.groups() if one] if found else []
            if not found or numbers != sorted(numbers) or any(not least <= one <= largest for one in numbers):
                raise ValueError(f"{part!r} is no {name}, which goes from {least} to {largest}")
    return given


Cron = Annotated[str, Field(pattern=r"^[0-9*/,-]+( [0-9*/,-]+){4}$"), AfterValidator(_within_its_fields)]
# As Windows calls them all (windows-hardware/manufacture/desktop/default-time-zones).
TimeZone = Annotated[
    str, Field(pattern=r"^(UTC([+-]\d{2})?|Russia Time Zone \d{1,2}|[A-Z][A-Za-z. -]* Standard Time( \(Mexico\))?)$")
]


class AmlCluster(Block):
    """A cluster of the workspace, for training or for building images."""

    name: ComputeName
    vm_size: str = Field(pattern=r"^Standard_\w+$")
    priority: Literal["Dedicated", "LowPriority"]
    min_nodes: int = Field(ge=0, le=100)
    max_nodes: int = Field(ge=1, le=100)
    idle_minutes: int = Field(ge=1, le=1440, description="minutes without a job before a node is given back")


class Person(Block):
    """Whose compute instance it is; Azure gives nobody else access to it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,22}[a-z0-9]$", description="the instance's name, unique in a region")
    object_id: UUID = Field(description="the user's object id in Entra ID")


class Instances(Block):
    """Compute instances: a workstation in the network for each person, off when it is not used."""

    people: tuple[Person, ...] = ()
    vm_size: str = Field(default="Standard_DS3_v2", pattern=r"^Standard_\w+$")
    idle_minutes: int = Field(default=60, ge=15, le=4320, description="minutes without use before it is stopped")
    stop: Cron = Field(default="0 19 * * *", description="five cron fields; when it is stopped whatever it does")
    start: Cron | None = Field(default=None, description="five cron fields; none: its owner starts it")
    time_zone: TimeZone = Field(default="UTC", description="a Windows time zone such as UTC")


class ServiceTag(Block):
    """An Azure service that the managed network may reach by its addresses."""

    name: RuleName
    tag: str = Field(pattern=r"^[A-Z][A-Za-z]+(\.[A-Za-z0-9]+)?$")
    ports: str = Field(pattern=r"^[0-9, -]+$", description="ports and ranges, separated by commas")
    protocol: Literal["TCP", "UDP", "ICMP", "*"] = "TCP"


class ManagedNetwork(Block):
    """What leaves the workspace's managed network beside what Azure ML itself needs; counts in mode managed."""

    hosts: dict[RuleName, Host] = Field(default_factory=dict, description="rule name to host; billed as a firewall")
    service_tags: tuple[ServiceTag, ...] = ()
    firewall_sku: Literal["Basic", "Standard"] = Field(default="Standard", description="of the firewall for hosts")
    include_spark: bool = Field(default=False, description="reserve it for serverless Spark too")


class CustomerKey(Block):
    """The environment's own key over what the workspace keeps; cannot be taken back."""

    service_side: bool = Field(
        default=True,
        description="true: Microsoft keeps the data; false: Cosmos DB, search and storage in the subscription",
    )
    rotate_after: str = Field(default="P1Y", pattern=r"^P\d+[DMY]$", description="ISO 8601; when a new version is made")
    expire_after: str = Field(default="P2Y", pattern=r"^P\d+[DMY]$", description="ISO 8601; when a version ends")


class Workspace(Block):
    """The Azure Machine Learning workspace."""

    isolation_mode: Literal["AllowInternetOutbound", "AllowOnlyApprovedOutbound"] = Field(
        description="what leaves the managed network where network.mode is managed; Azure never goes back to the first"
    )
    managed_network: ManagedNetwork = ManagedNetwork()
    image_build_compute: str | None = Field(
        default=None, description="cluster that builds images where the registry is private"
    )
    high_business_impact: bool = Field(default=False, description="cannot be changed after creation")
    customer_key: CustomerKey | None = Field(default=None, description="none: keys that Microsoft manages")
    computes: bool = Field(
        default=True,
        description="false: no clusters and no instances, the step before another network.mode: a workspace takes its "
        "managed network only while it has none",
    )
    cpu_cluster: AmlCluster
    gpu_cluster: AmlCluster | None = None
    builder_cluster: AmlCluster | None = Field(default=None, description="a small cluster for images alone")
    instances: Instances = Instances()
    promotion_registry: bool = Field(
        default=False, description="an Azure ML registry, through which models and components go to other workspaces"
    )
    shared_registry: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$",
        description="another environment's Azure ML registry, by its name, which models of this one are shared with",
    )
    promotion_writers: tuple[UUID, ...] = Field(
        default=(), description="object ids of other environments' CI identities that share models with the registry"
    )
    promotion_readers: tuple[UUID, ...] = Field(
        default=(), description="object ids of other environments' CI identities that deploy models of the registry"
    )
    features: tuple[Literal["modelMonitor", "registrySharing"], ...] = Field(
        default=(), description="services of the workspace that its users rely on: checked against the rest"
    )

    def clusters(self) -> dict[str, AmlCluster]:
        """The clusters there are, by the setting that describes them."""
        given = {"cpuCluster": self.cpu_cluster, "gpuCluster": self.gpu_cluster, "builderCluster": self.builder_cluster}
        return {key: cluster for key, cluster in given.items() if cluster is not None}
