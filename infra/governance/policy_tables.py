"""Azure's own policies for Azure Machine Learning, assigned to the resource group: ids, effects, parameters.

From the built-in definitions of category Machine Learning (governance/policy/samples/built-in-policies). An effect is
Deny where the definition offers it and the program complies by itself, else the strongest it offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from infra import settings
from infra.access import isolation_mode


def _always(_: settings.Settings) -> bool:
    return True


@dataclass(frozen=True)
class Policy:
    """A built-in definition and how it is assigned.

    Args:
        name: of the assignment, at most 64 characters.
        definition: the definition's GUID.
        effect: one of those that the definition allows.
        why: its display name, in short.
        parameters: further ones by name.
        when: whether an environment's settings are meant to comply.
    """

    name: str
    definition: str
    effect: str
    why: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    when: Callable[[settings.Settings], bool] = _always


POLICIES: tuple[Policy, ...] = (
    Policy("ml-local-auth", "e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f", "Deny", "computes have no local authentication"),
    Policy(
        "ml-compute-network",
        "7804b5c7-01dc-4723-969b-ae300cc07ff1",
        "Audit",
        "computes are in a virtual network",
        when=lambda chosen: chosen.network.mode == "byo",
    ),
    Policy(
        "ml-public-access",
        "438c38d2-3772-465a-a9cc-7a6666a275ce",
        "Deny",
        "the workspace has no public network access",
        when=lambda chosen: chosen.network.public_access == "Disabled",
    ),
    Policy(
        "ml-customer-key",
        "ba769a63-b8cc-4b2d-abf6-ac33c7204be8",
        "Deny",
        "the workspace is encrypted with a key of one's own",
        when=lambda chosen: chosen.workspace.customer_key is not None,
    ),
    Policy("ml-private-link", "45e05259-1eb5-4f70-9574-baf73e9d219b", "Audit", "the workspace has a private endpoint"),
    Policy("ml-identity", "5f0c7d88-c7de-45b8-ac49-db49e72eaa78", "Deny", "the workspace acts as its own identity"),
    Policy("ml-idle-shutdown", "679ddf89-ab8f-48a5-9029-e76054077449", "Deny", "compute instances stop when idle"),
    Policy("ml-instance-updates", "f110a506-2dcb-422e-bcea-d533fc8c35e2", "Audit", "compute instances are up to date"),
    Policy("ml-logs", "afe0c3be-ba3b-4544-ba52-0c99672a8ad6", "AuditIfNotExists", "the workspace has resource logs"),
    Policy(
        "ml-managed-network",
        "6ddb1705-c8cf-450e-aa4b-19ad6703c440",
        "Deny",
        "the managed network lets out only what is approved",
        {"isolationMode": "AllowOnlyApprovedOutbound"},
        when=lambda chosen: isolation_mode(chosen.network, chosen.workspace) == "AllowOnlyApprovedOutbound",
    ),
)

NOT_ASSIGNED: dict[str, str] = {
    "e413671a-dd10-4cc1-a943-45b598596cb7": "demands V1 legacy mode, which is off here: it closes the v2 API",
    "5853517a-63de-11ea-bc55-0242ac130003": "allowed image registries: a preview that sees jobs of the v1 API alone",
    "53c70b02-63dd-11ea-bc55-0242ac130003": "allowed module authors: a preview that sees jobs of the v1 API alone",
    "77eeea86-7e81-4a7d-9067-de844d096752": "allowed package channels: a preview that sees jobs of the v1 API alone",
    "6a6f7384-63de-11ea-bc55-0242ac130003": "code signing: a preview that sees jobs of the v1 API alone",
    "19539b54-c61e-4196-9a38-67598701be90": "models of one registry alone: a preview, and a choice",
}
"""Other definitions of the category that reviewers ask for, and why none of them is assigned."""
