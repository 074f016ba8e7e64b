"""Microsoft.Authorization: role assignments, role definitions, locks and policy assignments."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from azlocal.arm.conditions import VERSION, ConditionError, parse
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.generic import collect
from azlocal.arm.messages import ArmResponse
from azlocal.arm.policies import BY_ID, DEFINITIONS
from azlocal.arm.roles import ROLES, Role
from azlocal.arm.types import NameRule, Namespace, ResourceType, Scope
from azlocal.entra.principals import SUBSCRIPTION_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_ANYWHERE = frozenset(Scope)


def _check_assignment(call: Call, new: Resource, old: Resource | None) -> None:
    """A role, a principal and a scope that exist, once (Microsoft Learn, "Troubleshoot Azure RBAC")."""
    properties = new.properties
    name = call.path.names[-1]
    try:
        uuid.UUID(name)
    except ValueError:
        raise bad_request(
            f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
            "InvalidRoleAssignmentId",
        ) from None
    if call.control.access.role(properties["roleDefinitionId"]) is None:
        raise bad_request(
            f"The specified role definition with ID '{properties['roleDefinitionId'].rsplit('/', 1)[-1]}' does not"
            " exist.",
            "RoleDefinitionDoesNotExist",
        )
    _check_principal(call, new)
    _check_condition(new)
    if call.path.scope and call.path.scope.count("/") > 2 and not _scope_exists(call, call.path.scope.lower()):
        raise ArmError(404, "ResourceNotFound", f"The scope '{call.path.scope}' was not found.")
    if old is None:
        _check_unique(call, new)


def _scope_exists(call: Call, scope: str) -> bool:
    """A resource, or a namespace of an AKS cluster, which is a scope without being a resource."""
    cluster, _, _ = scope.partition("/namespaces/")
    return call.state.exists(scope) or ("/managedclusters/" in cluster and call.state.exists(cluster))


def _check_principal(call: Call, new: Resource) -> None:
    properties = new.properties
    principal = properties["principalId"]
    kind = call.control.directory.kind_of(principal)
    if kind is None and properties.get("principalType"):
        return  # Azure looks nobody up whose type is given, so that a new principal need not have replicated
    if kind is None:
        raise bad_request(
            f"Principal {principal.replace('-', '')} does not exist in the directory. Check that you have the correct"
            " principal ID. If you are creating this principal and then immediately assigning a role, this error might"
            " be related to a replication delay. In this case, set the role assignment principalType property to a"
            " value, such as ServicePrincipal, User, or Group.",
            "PrincipalNotFound",
        )
    if properties.get("principalType", kind) != kind:
        raise bad_request(
            f"The PrincipalId '{principal}' has type '{kind}', which is different from specified PrincipalType"
            f" '{properties['principalType']}'.",
            "UnmatchedPrincipalType",
        )
    properties["principalType"] = kind


def _check_condition(new: Resource) -> None:
    """A condition that can be read, in the one version there is (Microsoft Learn, "Troubleshoot Azure role assignment
    conditions": both mistakes get the same answer).
    """
    condition = new.properties.get("condition")
    if not condition:
        return
    version = new.properties.setdefault("conditionVersion", VERSION)
    reason = "" if version == VERSION else f"conditionVersion is '{version}', and {VERSION} is the only one"
    try:
        parse(condition)
    except ConditionError as error:
        reason = reason or str(error)
    if reason:
        raise bad_request(f"The given role assignment condition is invalid. ({reason})", "BadRequest", "condition")


def _check_unique(call: Call, new: Resource) -> None:
    wanted = _identity(new)
    for other in call.state.children(call.path.scope.lower(), "Microsoft.Authorization/roleAssignments"):
        if other.key != new.key and _identity(other) == wanted:
            raise ArmError(
                409,
                "RoleAssignmentExists",
                f"The role assignment already exists. The ID of the conflicting role assignment is"
                f" {other.name.replace('-', '')}.",
            )


def _identity(assignment: Resource) -> tuple[str, str]:
    properties = assignment.properties
    return properties["principalId"].lower(), properties["roleDefinitionId"].rsplit("/", 1)[-1].lower()


def _complete_assignment(call: Call, new: Resource, _old: Resource | None) -> None:
    new.properties["scope"] = call.path.scope or "/"


def _assignments_changed(call: Call, _new: Resource, _old: Resource | None) -> None:
    call.control.access.changed()


def _list_assignments(call: Call) -> ArmResponse:
    """Those at the scope and below; ``$filter`` takes ``principalId eq``, ``assignedTo`` and ``atScope()``."""
    filter_ = call.request.query.get("$filter", "")
    wanted = re.search(r"(?:principalId eq|assignedTo\()\s*'([^']+)'", filter_)
    response = collect(call)
    scope = call.path.scope.lower()
    found = {one["id"].lower(): one for one in response.body["value"]}
    if "atScope()" not in filter_:
        from azlocal.arm.present import body_of

        for resource in call.state.of_type("Microsoft.Authorization/roleAssignments", scope):
            found.setdefault(resource.key, body_of(call, resource))
    value = [
        one for one in found.values() if not wanted or one["properties"]["principalId"].lower() == wanted[1].lower()
    ]
    return ArmResponse(200, {"value": value})


def _get_definition(call: Call) -> ArmResponse:
    role = call.control.access.role(call.path.names[-1])
    if role is None:
        raise ArmError(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{call.path.names[-1]}' does not exist.",
        )
    return ArmResponse(200, _definition(role))


def _list_definitions(call: Call) -> ArmResponse:
    wanted = re.search(r"roleName eq '([^']+)'", call.request.query.get("$filter", ""))
    custom = [
        Role.from_properties(resource.name, resource.properties)
        for resource in call.state.of_type("Microsoft.Authorization/roleDefinitions")
    ]
    return ArmResponse(
        200, {"value": [_definition(role) for role in (*ROLES, *custom) if not wanted or role.name == wanted[1]]}
    )


def _definition(role: Role) -> dict[str, object]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role.guid}",
        "name": role.guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": role.properties,
    }


def _list_permissions(call: Call) -> ArmResponse:
    """What whoever asks may do at a scope, an entry for each role held there or above."""
    # The SDK leaves a parent resource's place empty where there is none: two slashes.
    here = f"{call.path.scope.lower()}/".replace("//", "/")
    held = [one.role for one in call.control.access.grants(call.principal) if here.startswith(f"{one.scope}/")]
    return ArmResponse(200, {"value": [entry for role in held for entry in role.properties["permissions"]]})


def _no_permission_alone(call: Call) -> ArmResponse:
    raise ArmError(405, "MethodNotAllowed", f"{call.request.method} is not allowed on '{call.path.path}'.")


def _check_policy(call: Call, new: Resource, _old: Resource | None) -> None:
    """A definition that exists, and parameters that it has, with values that they take."""
    wanted = str(new.properties["policyDefinitionId"])
    definition = BY_ID.get(wanted.lower())
    if definition is None:
        if not call.state.exists(wanted.lower()):
            raise ArmError(404, "PolicyDefinitionNotFound", f"The policy definition '{wanted}' could not be found.")
        return
    given = new.properties.get("parameters") or {}
    if unknown := sorted(given.keys() - definition.parameters.keys()):
        raise bad_request(
            f"The policy assignment '{new.name}' is attempting to assign parameter(s) '{', '.join(unknown)}' which are"
            f" not defined in the policy definition '{definition.guid}'.",
            "UndefinedPolicyParameter",
        )
    for key, one in given.items():
        allowed = definition.parameters[key]
        if allowed and one.get("value") not in allowed:
            raise bad_request(
                f"The value '{one.get('value')}' is not allowed for policy parameter '{key}' in policy definition"
                f" '{definition.guid}'. The allowed values are '{', '.join(allowed)}'.",
                "PolicyParameterValueNotAllowed",
            )


def _complete_policy(call: Call, new: Resource, _old: Resource | None) -> None:
    new.properties["scope"] = call.path.scope or "/"


def _get_policy(call: Call) -> ArmResponse:
    found = BY_ID.get(f"/providers/microsoft.authorization/policydefinitions/{call.path.names[-1].lower()}")
    if found is None:
        raise ArmError(
            404, "PolicyDefinitionNotFound", f"The policy definition '{call.path.names[-1]}' could not be found."
        )
    return ArmResponse(200, found.body)


def _list_policies(_call: Call) -> ArmResponse:
    return ArmResponse(200, {"value": [definition.body for definition in DEFINITIONS]})


_LOCK_NAME = NameRule(r"[^<>%&:\\?/\x00-\x1f]+", 1, 260, "1-260 characters without <>%&:\\?/")
_POLICY_NAME = NameRule(
    r"[^<>*%&:\\?+/\x00-\x1f]*[^<>*%&:\\?+/. \x00-\x1f]", 1, 64, "1-64 characters without <>*%&:\\?+/"
)

NAMESPACE = Namespace(
    "Microsoft.Authorization",
    (
        "2016-09-01",
        "2017-04-01",
        "2018-01-01-preview",
        "2018-07-01",
        "2020-04-01-preview",
        "2020-05-01",
        "2020-08-01-preview",
        "2020-10-01-preview",
        "2022-04-01",
        "2022-05-01-preview",
        "2022-06-01",
        "2023-04-01",
        "2024-04-01",
        "2025-01-01",
    ),
    (
        ResourceType(
            name="Microsoft.Authorization/roleAssignments",
            scopes=_ANYWHERE,
            required=("properties.roleDefinitionId", "properties.principalId"),
            create_only=("properties.roleDefinitionId", "properties.principalId"),
            provisioning=False,
            duration=5,
            check=_check_assignment,
            complete=_complete_assignment,
            committed=_assignments_changed,
            list=_list_assignments,
        ),
        ResourceType(
            name="Microsoft.Authorization/roleDefinitions",
            scopes=_ANYWHERE,
            required=("properties.roleName", "properties.permissions"),
            provisioning=False,
            committed=_assignments_changed,
            get=_get_definition,
            list=_list_definitions,
        ),
        ResourceType(
            name="Microsoft.Authorization/permissions",
            scopes=_ANYWHERE,
            provisioning=False,
            get=_no_permission_alone,
            put=_no_permission_alone,
            patch=_no_permission_alone,
            delete=_no_permission_alone,
            list=_list_permissions,
        ),
        ResourceType(
            name="Microsoft.Authorization/locks",
            scopes=_ANYWHERE,
            required=("properties.level",),
            name_rule=_LOCK_NAME,
            enums={"properties.level": ("CanNotDelete", "ReadOnly")},
            provisioning=False,
            duration=2,
        ),
        ResourceType(
            name="Microsoft.Authorization/policyAssignments",
            scopes=_ANYWHERE,
            required=("properties.policyDefinitionId",),
            name_rule=_POLICY_NAME,
            enums={"properties.enforcementMode": ("Default", "DoNotEnforce", "Enroll")},
            defaults={"properties.enforcementMode": "Default"},
            provisioning=False,
            duration=3,
            check=_check_policy,
            complete=_complete_policy,
        ),
        ResourceType(
            name="Microsoft.Authorization/policyDefinitions",
            scopes=_ANYWHERE,
            provisioning=False,
            get=_get_policy,
            list=_list_policies,
        ),
    ),
)
