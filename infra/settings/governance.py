"""Settings of what watches over an environment: who deploys, who is told, what it may cost, what is kept."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from infra.settings.base import Block


class Github(Block):
    """The repository whose workflows deploy the environment; its GitHub environment has the stack's name.

    The ids are in the answer of GitHub's `GET /repos/{owner}/{repo}`: `owner.id` and `id`.
    """

    owner: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,38})$", description="user or organization")
    owner_id: int = Field(ge=1, description="its number, which GitHub never gives to another")
    repository: str = Field(pattern=r"^[\w.-]{1,100}$", description="the repository's name, without the owner")
    repository_id: int = Field(ge=1, description="its number, which GitHub never gives to another")
    previewer: UUID | None = Field(
        default=None,
        description="PREVIEW_PRINCIPAL_ID of bootstrap: lets who plans and compares look at what Synapse keeps",
    )


class Alerts(Block):
    """Who is told, and the thresholds of the log search alerts; those of metrics stand in `alert_tables.py`."""

    short_name: str = Field(pattern=r"^[\w-]{1,12}$", description="the action group's name in a text message")
    emails: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")], ...] = Field(min_length=1)
    latency_milliseconds: float = Field(default=1000, gt=0, description="95th percentile of an end point's answers")
    error_percent: float = Field(default=5, ge=0, le=100, description="answers of 5xx, in percent of all")
    vault_refusals: int = Field(default=5, ge=0, description="refused requests of one caller in 15 minutes")


class Budget(Block):
    """What the environment may cost."""

    amount: float = Field(gt=0, description="a month, in the currency of the subscription")


class StorageDefender(Block):
    """Defender for Storage on the environment's own accounts, whatever the subscription's plan says."""

    scan_cap_gb: int = Field(
        ge=1, description="uploads that are scanned for malware, GB a month for each account: each has its price"
    )


class Governance(Block):
    """What keeps an environment in order, and its data from being deleted by mistake."""

    locks: bool = Field(
        description="CanNotDelete on what holds data, against everybody but the stack: its own destroy lifts them"
    )
    protect: bool = Field(
        description="Pulumi refuses to delete or replace what holds data until this is false; without it, a destroy"
        " deletes data, locked or not"
    )
    policies: Literal["Default", "DoNotEnforce", "None"] = Field(
        description="enforcement of Azure's policies for machine learning; DoNotEnforce only reports, None assigns none"
    )
    required_tags: tuple[str, ...] = Field(default=(), description="tags that every resource must have")
    storage_defender: StorageDefender | None = Field(
        default=None, description="threats, malware in uploads, sensitive data; null leaves it to the subscription"
    )
    night_stop: bool = Field(
        default=False, description="the night-stop workflow may stop the cluster outside working hours"
    )


class Quotas(Block):
    """Cores that the subscription has in the region, by the names that Azure's usage lists have.

    Azure Machine Learning counts its own, apart from the virtual machines of AKS
    (machine-learning/how-to-manage-quotas).
    """

    compute: dict[str, int] = Field(default_factory=dict, description="for AKS, e.g. standardDSv5Family: 100, or cores")
    machine_learning: dict[str, int] = Field(default_factory=dict, description="for clusters of the workspace")
