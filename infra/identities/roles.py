"""Turns the role matrix into role assignments, as principals and scopes come into being."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import authorization

from infra.block import Block
from infra.identities.role_tables import ROLES, Grant

CONDITION_VERSION = "2.0"
_NAMESPACE = uuid.UUID("6f1a6a52-6f0a-5a4f-9a1c-2b7f0f6f0c11")


@dataclass(frozen=True)
class RoleMatrixArgs:
    """What the matrix assigns.

    Args:
        subscription_id: where the role definitions are addressed.
        grants: the rows.
        conditions: by role's name.
        elsewhere: a scope may lie in another subscription, which then addresses the role itself.
    """

    subscription_id: str
    grants: Sequence[Grant]
    conditions: Mapping[str, str] = field(default_factory=dict)
    elsewhere: bool = False


def delegation(roles: Iterable[str]) -> str:
    """A condition: whoever holds a role under it assigns and removes these roles, by id, and no other.

    The attribute's source differs between the two actions, so each has its own half
    (role-based-access-control/delegate-role-assignments-examples#example-constrain-roles).
    """
    allowed = ", ".join(sorted(roles))
    return " AND ".join(
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})) OR "
        f"(@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
        f"ForAnyOfAnyValues:GuidEquals {{{allowed}}}))"
        for verb, source in (("write", "Request"), ("delete", "Resource"))
    )


def assignment_name(scope: str, principal_id: str, role: str) -> str:
    """A GUID that depends on scope, principal and role alone, as Azure's own modules build it."""
    return str(uuid.uuid5(_NAMESPACE, f"{scope.lower()}|{principal_id.lower()}|{role.lower()}"))


def definition_id(subscription_id: str, role: str) -> str:
    """A role as a subscription addresses it."""
    return f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"


class RoleMatrix(Block):
    """Assigns each row once both its principal and its scope are known.

    Azure has an assignment once: rows that come to the same principal, role and scope share it.

    Blocks further down take `granted(...)` as what they wait for: an identity without its roles fails in Azure.
    """

    def __init__(self, name: str, args: RoleMatrixArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name = name
        self._args = args
        self._open: list[Grant] = list(args.grants)
        self._principals: dict[str, tuple[pulumi.Input[str], str]] = {}
        self._scopes: dict[str, pulumi.Input[str]] = {}
        self._made: list[tuple[Grant, pulumi.Resource]] = []
        self._once: dict[tuple[str, str, str], pulumi.Resource] = {}

    def principal(self, name: str, principal_id: pulumi.Input[str], principal_type: str = "ServicePrincipal") -> None:
        """Make a principal known. Its type is always sent: Azure looks new principals up too early without."""
        self._principals[name] = (principal_id, principal_type)
        self._assign()

    def scope(self, name: str, scope_id: pulumi.Input[str]) -> None:
        """Make a scope known."""
        self._scopes[name] = scope_id
        self._assign()

    def granted(self, principal: str, *scopes: str) -> list[pulumi.Resource]:
        """The assignments of a principal so far, on these scopes or on all."""
        return [
            made for grant, made in self._made if grant.principal == principal and (not scopes or grant.scope in scopes)
        ]

    def close(self) -> None:
        """State that everything is known.

        Raises:
            RuntimeError: a row names a principal or scope that never came: the composition forgot it.
        """
        if self._open:
            rows = ", ".join(f"{grant.principal} on {grant.scope}" for grant in self._open)
            raise RuntimeError(f"rows of the role matrix without principal or scope: {rows}")
        self.register_outputs({"assignments": len(self._once)})

    def _assign(self) -> None:
        ready = [grant for grant in self._open if grant.principal in self._principals and grant.scope in self._scopes]
        for grant in ready:
            self._open.remove(grant)
            self._made.append((grant, self._shared(grant)))

    def _shared(self, grant: Grant) -> pulumi.Resource:
        """The row's assignment: one for all rows of one role and scope whose principals are the same group."""
        principal_id, _ = self._principals[grant.principal]
        known = principal_id if isinstance(principal_id, str) else grant.principal
        key = (known, grant.role, grant.scope)
        if key not in self._once:
            self._once[key] = self._assignment(grant)
        return self._once[key]

    def _assignment(self, grant: Grant) -> authorization.RoleAssignment:
        principal_id, principal_type = self._principals[grant.principal]
        scope, role = self._scopes[grant.scope], ROLES[grant.role]
        condition = self._args.conditions.get(grant.role)
        where, what = (
            grant.scope.replace("/", "-"),
            grant.role.split(" (", maxsplit=1)[0].replace(" ", "-").lower(),
        )
        return authorization.RoleAssignment(
            f"{self._name}-{grant.principal}-{what}-{where}".replace("_", "-"),
            role_assignment_name=pulumi.Output.all(scope, principal_id).apply(
                lambda known: assignment_name(known[0], known[1], role)
            ),
            scope=scope,
            principal_id=principal_id,
            principal_type=principal_type,
            role_definition_id=self._definition(scope, role),
            description=grant.why,
            condition=condition,
            condition_version=CONDITION_VERSION if condition else None,
            opts=self.child(),
        )

    def _definition(self, scope: pulumi.Input[str], role: str) -> pulumi.Input[str]:
        if not self._args.elsewhere:
            return definition_id(self._args.subscription_id, role)
        return pulumi.Output.from_input(scope).apply(lambda known: definition_id(known.split("/")[2], role))
