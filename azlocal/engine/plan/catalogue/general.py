"""Codes of Azure Resource Manager itself, of authorization, and of this engine."""

from __future__ import annotations

from azlocal.engine.plan.catalogue.base import LEARN, table

COMMON = f"{LEARN}azure-resource-manager/troubleshooting/common-deployment-errors"

ROWS = {
    **table(
        "azure-resource-manager/troubleshooting/common-deployment-errors",
        {
            "AnotherOperationInProgress": "make one of the two depend on the other (`depends_on`), so that they follow"
            " each other",
            "BadRequest": "give the property one of the values that the message allows",
            "Conflict": "remove one of the two, or give them what differs: the message names the other",
            "DeploymentFailed": "mend the inner error that the message names",
            "DuplicateResourceName": "give each child a name of its own",
            "InternalServerError": "run it again; if it stays, report it with the message",
            "InvalidParameter": "give the property one of the values that the message allows",
            "InvalidRequestContent": "give each property the type that its schema names",
            "InvalidRequestFormat": "give every element of the list a name",
            "OperationNotAllowed": "take the step that the message allows instead",
            "ProvisioningFailed": "look at the resource's own error: its provisioning ended without success",
            "RequestEntityTooLarge": "split what one request carries",
            "UserError": "give the property one of the values that the message allows",
            "ValidationError": "give the property one of the values that the message allows",
            "ValidationFailed": "give the property one of the values that the message allows",
        },
    ),
    **table(
        "entra/workload-id/workload-identity-federation-considerations",
        {
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity": "make one credential depend on the"
            " other (`depends_on`)",
        },
    ),
    **table(
        "azure-resource-manager/troubleshooting/error-not-found",
        {
            "NotFound": "create it first, or correct its id",
            "ParentResourceNotFound": "create the parent first: take its name from the parent's `name` output, so that"
            " Pulumi orders them",
            "ResourceGroupNotFound": "take the group's name from the resource group's `name` output, so that it is"
            " made first",
            "ResourceNotFound": "take the id from the other resource's `id` output, so that it is made first",
            "SubscriptionNotFound": "name a subscription of the tenant that is signed in to",
        },
    ),
    **table(
        "azure-resource-manager/troubleshooting/error-invalid-name-segments",
        {
            "InvalidResourceId": "give a whole resource id: /subscriptions/…/resourceGroups/…/providers/…",
            "LinkedInvalidPropertyId": "take the id from the `id` output of a resource of the type that is wanted",
        },
    ),
    **table(
        "azure-resource-manager/troubleshooting/error-register-resource-provider",
        {
            "InvalidApiVersionParameter": "use one of the api-versions that the message lists",
            "InvalidResourceNamespace": "correct the namespace of the type",
            "MissingApiVersionParameter": "send api-version with each request",
            "NoRegisteredProviderFound": "use one of the api-versions that the message lists",
        },
    ),
    **table(
        "reliability/availability-zones-region-support",
        {"LocationNotSupportAvailabilityZones": "leave `zones` out, or use a region that has zones"},
    ),
    **table(
        "azure-resource-manager/troubleshooting/error-sku-not-available",
        {
            "LocationNotAvailableForResourceType": "use a location that offers the type: the message or"
            " `az provider show` lists them",
            "LocationRequired": "set `location`",
            "ResourceSkuNotSupported": "use the SKU that the message names, or leave the feature out",
        },
    ),
    **table(
        "azure-resource-manager/management/resource-name-rules",
        {
            "InvalidDeploymentName": "use a name that the rule in the message allows",
            "InvalidResourceGroup": "use a name that the rule in the message allows",
            "InvalidResourceName": "use a name that the rule in the message allows",
            "NameNotAvailable": "use a name that nobody has yet: it is part of a public DNS name",
        },
    ),
    **table(
        "azure-resource-manager/troubleshooting/error-parent-resource",
        {"InvalidResourceScope": "create it at the scope that the message names"},
    ),
    **table(
        "azure-resource-manager/management/move-resource-group-and-subscription",
        {
            "InvalidResourceLocation": "keep the location it has, or give the resource another name",
            "PropertyChangeNotAllowed": "keep the old value, or replace the resource (`replace_on_changes`)",
            "ScopeLocked": "remove the lock that the message names first, or leave what it guards as it is",
        },
    ),
    **table(
        "azure-resource-manager/management/request-limits-and-throttling",
        {"PreconditionFailed": "read the resource again and send its current etag"},
    ),
    **table(
        "azure-resource-manager/templates/syntax",
        {"InvalidTemplate": "correct the expression that the message names"},
    ),
    **table(
        "role-based-access-control/troubleshooting",
        {
            "AuthorizationFailed": "give whoever acts a role with the action that the message names, and let the"
            " resource depend on the assignment",
            "InvalidRoleAssignmentId": "name the assignment by a GUID, made from scope, principal and role",
            "LinkedAuthorizationFailed": "give the one who deploys a role with the action on the linked resource",
            "PrincipalNotFound": "use the object id of an existing principal, and set `principalType`",
            "RoleAssignmentExists": "remove one of the two, or keep its name when it is made again",
            "RoleDefinitionDoesNotExist": "use the id of a built-in role, or of a custom role made before",
            "UnmatchedPrincipalType": "set `principalType` to what the principal is",
        },
    ),
    **table(
        "governance/policy/concepts/assignment-structure",
        {
            "PolicyDefinitionNotFound": "use the id of a built-in definition, or of one made before",
            "PolicyParameterValueNotAllowed": "give the parameter one of the values that the message lists",
            "UndefinedPolicyParameter": "leave the parameter out, or name it as the definition does",
        },
    ),
    **table(
        "active-directory/managed-identities-azure-resources/overview",
        {
            "FailedIdentityOperation": "create the user-assigned identity first and name it by its `id` output",
            "InvalidIdentityValues": "name at least one identity, or set `identity.type` without UserAssigned",
        },
    ),
    **table(
        "azure-monitor/essentials/diagnostic-settings",
        {
            "BadRequest Microsoft.Insights": "name a category, a destination or a scope that the resource has",
            "Conflict Microsoft.Insights": "send each category of a resource to a destination once",
            "InvalidParameter Microsoft.OperationalInsights": "choose a retention and a name that the message allows",
        },
    ),
    **table(
        "azure-monitor/alerts/action-groups",
        {"GroupShortNameTooLong": "shorten `groupShortName` to 12 characters"},
    ),
    **table(
        "azure-monitor/logs/private-link-design",
        {
            "Conflict Microsoft.Insights/privateLinkScopes": "link each resource to a scope once",
            "InvalidLinkedResourceType": "link workspaces, components and data collection endpoints only",
            "PrivateLinkScopeLimitReached": "use a second private link scope",
        },
    ),
}
