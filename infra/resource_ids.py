"""What an Azure resource id says: its group, type and name."""

from __future__ import annotations


def subscription_of(resource_id: str) -> str:
    """The subscription."""
    return resource_id.split("/")[2]


def group_of(resource_id: str) -> str:
    """The resource group."""
    return resource_id.split("/")[4]


def name_of(resource_id: str) -> str:
    """The resource's own name."""
    return resource_id.rpartition("/")[2]


def type_of(resource_id: str) -> str:
    """Namespace and type, in lower case; of what lies below a resource, that resource's."""
    parts = resource_id.lower().split("/")
    return f"{parts[6]}/{parts[7]}"
