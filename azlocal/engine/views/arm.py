"""A plan as an ARM template: what Azure's own tools take, for whoever reviews or deploys with them.

The template is one of a resource group. What it cannot hold is named in ``metadata.notes``: the group itself,
resources of a subscription or of another group, objects within a cluster.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from azlocal.engine.views.resources import Json, Resources, at

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_GROUP = re.compile(r"^/subscriptions/[^/]+/resourcegroups/[^/]+", re.IGNORECASE)
_HIDDEN = "[secret]"
_ROLE = "microsoft.authorization/roleassignments"

# A value that Azure gives to one resource and another one needs: type and path that need it; whose it is; what it is.
_GIVEN: dict[tuple[str, str], tuple[str, str]] = {
    ("microsoft.network/routetables/routes", "properties.nextHopIpAddress"): (
        "microsoft.network/azurefirewalls",
        "ipConfigurations[0].properties.privateIPAddress",
    ),
    (
        "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials",
        "properties.issuer",
    ): ("microsoft.containerservice/managedclusters", "oidcIssuerProfile.issuerURL"),
}


@dataclass(slots=True)
class _Template:
    group: str  # id of the resource group, in lower case
    resources: Resources
    parameters: Json = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def arm_template(plan: Json) -> Json:
    """The template of a plan: the same for the same plan."""
    resources = Resources(plan["resources"])
    template = _Template(_main_group(resources), resources)
    made = [entry for one in resources.every if (entry := _entry(one, template))]
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "metadata": {"description": f"The resources that the plan of {plan['stack']} makes.", "notes": template.notes},
        "parameters": template.parameters,
        "resources": made,
    }


def _main_group(resources: Resources) -> str:
    found = Counter(match[0].lower() for one in resources.azure if (match := _GROUP.match(one["id"])))
    return found.most_common(1)[0][0] if found else ""


def _entry(one: Json, template: _Template) -> Json | None:
    id_ = str(one.get("id") or "")
    if one.get("body") is None:
        return None  # a component, a provider, or what exists already
    if outside := _outside(one, template):
        template.notes.append(f"{one['armType'] or one['type']} {one['name']}: {outside}")
        return None
    scope, type_, names = split(id_)
    entry: Json = {"type": type_, "apiVersion": one["apiVersion"], "name": "/".join(names)}
    if scope.lower() != template.group:
        entry["scope"] = f"[{expression(scope)}]"
    body = _Body(one, template).value(one["body"], "")
    needs = [template.resources.by_urn[urn] for urn in one["dependsOn"] if urn in template.resources.by_urn]
    held = [need for need in needs if need.get("body") is not None and not _outside(need, template)]
    depends = [f"[{expression(need['id'])}]" for need in held]
    return {**entry, **body, **({"dependsOn": depends} if depends else {})}


def _outside(one: Json, template: _Template) -> str | None:
    """Why a resource is no part of the template, or None."""
    id_ = str(one.get("id") or "").lower()
    if not id_.startswith("/"):
        return "not a resource of Azure Resource Manager"
    if id_ == template.group:
        return f"the group that the template is deployed to; its location is {at(one['body'], 'location')}"
    if not _GROUP.match(id_):
        return "to be deployed at the subscription"
    return None if id_.startswith(f"{template.group}/") else "to be deployed to its own resource group"


def split(id_: str) -> tuple[str, str, list[str]]:
    """Scope, type and names of an id."""
    scope, _, own = id_.rpartition("/providers/")
    namespace, *parts = own.split("/")
    return scope, "/".join([namespace, *parts[::2]]), parts[1::2]


def expression(id_: str) -> str:
    """The template function that gives an id, in the subscription and group of the deployment."""
    scope, type_, names = split(id_)
    words = ", ".join(_quoted(word) for word in [type_, *names])
    if _GROUP.fullmatch(scope):
        return f"resourceId({words})"
    if "/providers/" not in scope.lower():
        return f"subscriptionResourceId({words})" if scope else f"tenantResourceId({words})"
    return f"extensionResourceId({expression(scope)}, {words})"


def _whole(id_: str) -> bool:
    """Whether each type of an id has its name."""
    _, type_, names = split(id_)
    return type_.count("/") == len(names) > 0 and "" not in names


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


@dataclass(slots=True)
class _Body:
    """One body on its way into the template."""

    one: Json
    template: _Template

    def value(self, value: Any, path: str) -> Any:
        """The value with ids as functions, secrets as parameters, and other people's brackets doubled."""
        if isinstance(value, dict):
            return {self._text(key): self.value(item, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, f"{path}.{index}") for index, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        if value == _HIDDEN:
            return self._secret(path)
        return self._given(path) or self._text(value)

    def _text(self, text: str) -> str:
        """An id in the group or subscription of the deployment becomes a function: another one gets its own."""
        group = self.template.group
        subscription = group.partition("/resourcegroups/")[0]
        if text.lower().startswith((f"{group}/providers/", f"{subscription}/providers/")) and _whole(text):
            return f"[{expression(text)}]"
        return f"[{text}" if text.startswith("[") else text

    def _secret(self, path: str) -> str:
        words = re.sub(r"[^A-Za-z0-9]+", " ", f"{self.one['name']} {path}").split()
        name = "".join([words[0].lower(), *(word[:1].upper() + word[1:] for word in words[1:])])
        about = f"{path} of {self.one['armType']} {self.one['name']}"
        self.template.parameters[name] = {"type": "secureString", "metadata": {"description": about}}
        return f"[parameters('{name}')]"

    def _given(self, path: str) -> str | None:
        """What Azure will say of another resource of the plan, instead of what the plan's own Azure said."""
        type_ = str(self.one["armType"]).lower()
        if type_ == _ROLE and path == "properties.principalId":
            return self._principal()
        if (type_, path) not in _GIVEN:
            return None
        whose, told = _GIVEN[type_, path]
        for need in self._needs():
            if str(need["armType"]).lower() == whose:
                return f"[reference({expression(need['id'])}, '{need['apiVersion']}').{told}]"
        return None

    def _principal(self) -> str | None:
        """The identity that a role is for: what the assignment waits for and does not lie below."""
        if at(self.one["body"], "properties.principalType") == "Group":
            return None
        for need in self._needs():
            if str(self.one["id"]).lower().startswith(f"{str(need['id']).lower()}/"):
                continue
            what = f"reference({expression(need['id'])}, '{need['apiVersion']}'"
            if str(need["armType"]).lower().endswith("/userassignedidentities"):
                return f"[{what}).principalId]"
            if "SystemAssigned" in str(at(need["body"], "identity.type")):
                return f"[{what}, 'full').identity.principalId]"
        return None

    def _needs(self) -> list[Json]:
        known = self.template.resources.by_urn
        found = [known[urn] for urn in self.one["dependsOn"] if urn in known]
        return [need for need in found if not _outside(need, self.template)]
