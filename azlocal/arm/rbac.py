"""Role-based access: does a principal hold a role, here or above, that permits an action?

Assignments are resources of their own (Microsoft.Authorization/roleAssignments); this module reads them once
and again whenever one changes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from azlocal.arm.conditions import Asked, Condition, parse
from azlocal.arm.errors import ArmError
from azlocal.arm.roles import BY_ID, Role
from azlocal.entra.principals import Principal
from azlocal.state import State

ASSIGNMENT = "microsoft.authorization/roleassignments"
DEFINITION = "microsoft.authorization/roledefinitions"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held at a scope (lower-cased id), perhaps under a condition."""

    scope: str
    role: Role
    condition: Condition | None = None


class AccessControl:
    """Decides by role assignments. ``changed`` must be called after any of them, or a custom role, changed."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._grants: dict[str, list[Grant]] | None = None
        self._scopes: dict[tuple[str, str, bool], tuple[str, ...]] = {}

    def changed(self) -> None:
        """Forget what was read."""
        self._grants = None
        self._scopes.clear()

    def role(self, definition_id: str) -> Role | None:
        """A built-in or custom role by its definition's id."""
        guid = definition_id.rsplit("/", 1)[-1].lower()
        if built_in := BY_ID.get(guid):
            return built_in
        for resource in self._state.of_type(DEFINITION):
            if resource.name.lower() == guid:
                return Role.from_properties(guid, resource.properties)
        return None

    def allows(
        self, principal: Principal, action: str, scope: str, *, data: bool = False, asked: Asked | None = None
    ) -> bool:
        """Whether ``action`` (``data`` for a data action) is permitted to the principal at a scope.

        ``asked`` brings the attributes that conditions read; without it they know the action alone.
        """
        if asked is not None:
            return _is_below(scope, self._permitted(principal, asked, data=data))
        return _is_below(scope, self._known(principal, action, data=data))

    def allows_some(self, principal: Principal, action: str, scope: str) -> bool:
        """Whether ``action`` is permitted at a scope or anywhere below it: who asks for a list there gets its part."""
        below = f"{scope.lower()}/"
        return self.allows(principal, action, scope) or any(
            held.startswith(below) for held in self._known(principal, action, data=False)
        )

    def sees(self, principal: Principal, scope: str) -> bool:
        """Whether the principal holds any role at a scope, above it or below it."""
        here = f"{scope.lower()}/"
        held = [f"{grant.scope.rstrip('/')}/" for grant in self.grants(principal)]
        return any(one.startswith(here) or here.startswith(one) for one in held)

    def require(
        self, principal: Principal, action: str, scope: str, *, data: bool = False, asked: Asked | None = None
    ) -> None:
        """Refuse what is not permitted.

        Raises:
            ArmError: 403 AuthorizationFailed, worded as Azure words it.
        """
        if not self.allows(principal, action, scope, data=data, asked=asked):
            raise ArmError(
                403,
                "AuthorizationFailed",
                f"The client '{principal.client_id}' with object id '{principal.object_id}' does not have"
                f" authorization to perform action '{action}' over scope '{scope}' or the scope is invalid."
                " If access was recently granted, please refresh your credentials.",
            )

    def grants(self, principal: Principal) -> list[Grant]:
        """Every role the principal holds, by itself or through a group."""
        if self._grants is None:
            self._grants = self._read()
        return [grant for assignee in principal.assignees for grant in self._grants.get(assignee.lower(), [])]

    def _known(self, principal: Principal, action: str, *, data: bool) -> tuple[str, ...]:
        key = (principal.object_id, action, data)
        scopes = self._scopes.get(key)
        if scopes is None:
            scopes = self._scopes[key] = self._permitted(principal, Asked(action), data=data)
        return scopes

    def _permitted(self, principal: Principal, asked: Asked, *, data: bool) -> tuple[str, ...]:
        """The scopes at and below which it is permitted, each with a slash at its end."""
        return tuple(
            f"{one.scope.rstrip('/')}/"
            for one in self.grants(principal)
            if one.role.permits(asked.action, data=data) and (not one.condition or one.condition(asked))
        )

    def _read(self) -> dict[str, list[Grant]]:
        grants: dict[str, list[Grant]] = defaultdict(list)
        for resource in self._state.of_type(ASSIGNMENT):
            properties = resource.properties
            if role := self.role(properties["roleDefinitionId"]):
                scope = resource.key.partition("/providers/microsoft.authorization/roleassignments")[0]
                condition = parse(properties["condition"]) if properties.get("condition") else None
                grants[properties["principalId"].lower()].append(Grant(scope, role, condition))
        return grants


def _is_below(scope: str, scopes: tuple[str, ...]) -> bool:
    return f"{scope.lower()}/".startswith(scopes)
