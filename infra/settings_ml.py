"""Settings of the Azure Machine Learning workspace and what runs in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings_base import Block, ComputeName


class CpuCluster(Block):
    """The training cluster of the workspace."""

    name: ComputeName
    vm_size: str = Field(pattern=r"^Standard_\w+$")
    priority: Literal["Dedicated", "LowPriority"]
    min_nodes: int = Field(ge=0, le=100)
    max_nodes: int = Field(ge=1, le=100)
    idle_minutes: int = Field(ge=1, le=1440, description="minutes without a job before a node is given back")


class Workspace(Block):
    """The Azure Machine Learning workspace."""

    isolation_mode: Literal["AllowInternetOutbound", "AllowOnlyApprovedOutbound"] = Field(
        description="what leaves the managed network where network.mode is managed; Azure never goes back to the first"
    )
    image_build_compute: str | None = Field(
        default=None, description="cluster that builds images where the registry is private"
    )
    high_business_impact: bool = Field(default=False, description="cannot be changed after creation")
    cpu_cluster: CpuCluster
    features: tuple[Literal["modelMonitor", "registrySharing"], ...] = Field(
        default=(), description="services of the workspace that its users rely on: checked against the rest"
    )
