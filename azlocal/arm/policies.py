"""Azure's built-in policy definitions for machine learning: ids, names, modes and parameters (Azure/azure-policy).

Only these are known; an assignment of any other built-in is refused as Azure refuses one that does not exist.
They are stored and checked, and deny nothing: requests are not evaluated against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_DENY = ("Audit", "Deny", "Disabled")
_AUDIT = ("Audit", "Disabled")
_MISSING = ("AuditIfNotExists", "Disabled")


@dataclass(frozen=True, slots=True)
class PolicyDefinition:
    """A built-in: parameters by name with the values they take, none listed for any."""

    guid: str
    name: str
    parameters: Mapping[str, tuple[str, ...]]
    mode: str = "Indexed"
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that assignments name."""
        return f"/providers/Microsoft.Authorization/policyDefinitions/{self.guid}"

    @property
    def body(self) -> dict[str, Any]:
        """The definition as Azure shows it, less its rule."""
        return {
            "id": self.id,
            "name": self.guid,
            "type": "Microsoft.Authorization/policyDefinitions",
            "properties": {
                "displayName": self.name,
                "policyType": "BuiltIn",
                "mode": self.mode,
                "metadata": {"category": "Machine Learning"},
                "parameters": {
                    key: {
                        "type": "String",
                        **({"allowedValues": list(allowed)} if allowed else {}),
                        "defaultValue": self.defaults.get(key, allowed[0] if allowed else ""),
                    }
                    for key, allowed in self.parameters.items()
                },
            },
        }


DEFINITIONS: tuple[PolicyDefinition, ...] = (
    PolicyDefinition(
        "e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f",
        "Azure Machine Learning Computes should have local authentication methods disabled",
        {"effect": _DENY},
        "All",
    ),
    PolicyDefinition(
        "7804b5c7-01dc-4723-969b-ae300cc07ff1",
        "Azure Machine Learning Computes should be in a virtual network",
        {"effect": _AUDIT},
        "All",
    ),
    PolicyDefinition(
        "438c38d2-3772-465a-a9cc-7a6666a275ce",
        "Azure Machine Learning Workspaces should disable public network access",
        {"effect": _DENY},
    ),
    PolicyDefinition(
        "45e05259-1eb5-4f70-9574-baf73e9d219b",
        "Azure Machine Learning workspaces should use private link",
        {"effect": _AUDIT},
    ),
    PolicyDefinition(
        "5f0c7d88-c7de-45b8-ac49-db49e72eaa78",
        "Azure Machine Learning workspaces should use user-assigned managed identity",
        {"effect": _DENY},
    ),
    PolicyDefinition(
        "679ddf89-ab8f-48a5-9029-e76054077449",
        "Azure Machine Learning Compute Instance should have idle shutdown.",
        {"effect": _DENY},
        "All",
    ),
    PolicyDefinition(
        "f110a506-2dcb-422e-bcea-d533fc8c35e2",
        "Azure Machine Learning compute instances should be recreated to get the latest software updates",
        {"effect": _AUDIT},
        "All",
    ),
    PolicyDefinition(
        "afe0c3be-ba3b-4544-ba52-0c99672a8ad6",
        "Resource logs in Azure Machine Learning Workspaces should be enabled",
        {"effect": _MISSING, "requiredRetentionDays": ()},
        defaults={"requiredRetentionDays": "365"},
    ),
    PolicyDefinition(
        "6ddb1705-c8cf-450e-aa4b-19ad6703c440",
        "Azure Machine Learning and Ai Studio should use Allow Only Approved Outbound Managed Vnet mode",
        {"isolationMode": ("AllowInternetOutbound", "AllowOnlyApprovedOutbound", "Disabled"), "effect": _DENY},
        defaults={"isolationMode": "Disabled"},
    ),
    PolicyDefinition(
        "ba769a63-b8cc-4b2d-abf6-ac33c7204be8",
        "Azure Machine Learning workspaces should be encrypted with a customer-managed key",
        {"effect": _DENY},
    ),
    PolicyDefinition(
        "7f40cee6-e933-4d0f-a782-b96615e0f4a6",
        "Azure Machine Learning workspaces should be encrypted with the use of a customer-managed key",
        {"effect": _MISSING},
    ),
)
BY_ID = {definition.id.lower(): definition for definition in DEFINITIONS}
