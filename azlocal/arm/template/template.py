"""One template on its way: parameters, variables, and its resources in an order that their references allow."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azlocal.arm.errors import ArmError
from azlocal.arm.template.expressions import Functions, Later, evaluate, invalid
from azlocal.arm.template.functions import PURE
from azlocal.arm.types import Json
from azlocal.entra.principals import TENANT_ID

Read = Callable[[str], Json | Later | None]
"""Gives the body of a resource by its id, or None where there is none; ``Later`` where nothing is made."""

_ENVELOPE = frozenset({
    "type", "apiVersion", "name", "condition", "dependsOn", "copy", "resources", "scope", "resourceGroup",
    "subscriptionId", "comments", "metadata",
})  # fmt: skip
NESTED = "Microsoft.Resources/deployments"


class NotYetError(Exception):
    """A reference to a resource that this template has still to make."""


@dataclass(frozen=True, slots=True)
class Step:
    """One resource to write: where, in which version, and with what body."""

    id: str
    type: str
    api_version: str
    body: Json


@dataclass(frozen=True, slots=True)
class Pending:
    """A declared resource whose condition holds and whose body is not evaluated yet."""

    id: str
    declared: Json
    functions: Functions


class Template:
    """A template with its parameters, below one resource group (or subscription).

    Args:
        template: the template.
        given: values of parameters by name.
        scope: id of the resource group or subscription.
        read: looks up resources that ``reference`` names.
        outer: functions of the template around it, whose parameters and variables it shares.
    """

    def __init__(
        self, template: Json, given: Mapping[str, Any], scope: str, read: Read, outer: Functions | None = None
    ) -> None:
        self._template = template
        self._scope = scope
        self._read = read
        self._declared: set[str] = set()
        self._made: set[str] = set()
        self._values = _values(template, given) if outer is None else {}
        own: dict[str, Callable[..., Any]] = {
            **PURE,
            "parameters": self._parameter,
            "variables": self._variable,
            **_scope_functions(scope),
            "reference": self._reference,
        }
        if outer is not None:
            own = {**own, **{name: outer[name] for name in ("parameters", "variables")}}
        self.functions: Functions = own
        self._variables = functools.cache(self._evaluate_variable)

    def _parameter(self, name: str) -> Any:
        for known, value in self._values.items():
            if known.lower() == name.lower():
                return evaluate(value, self.functions)
        raise invalid(f"the template parameter '{name}' is not found")

    def _variable(self, name: str) -> Any:
        return self._variables(name.lower())

    def _evaluate_variable(self, name: str) -> Any:
        for known, value in (self._template.get("variables") or {}).items():
            if known.lower() == name:
                return evaluate(value, self.functions)
        raise invalid(f"the template variable '{name}' is not found")

    def _reference(self, target: str, _version: str = "", full: str = "") -> Any:
        key = target.lower()
        if not key.startswith("/"):
            key = next((one for one in self._declared if one.endswith("/" + key)), key)
        if key in self._declared and key not in self._made:
            raise NotYetError(key)
        found = self._read(key)
        if found is None:
            raise ArmError(
                404, "ResourceNotFound", f"The resource '{target}' that the template refers to was not found."
            )
        return found if isinstance(found, Later) or full.lower() == "full" else found.get("properties", {})

    def steps(self) -> Iterator[Step]:
        """The resources, each evaluated once everything it depends on has been yielded and written.

        Raises:
            ArmError: 400 InvalidTemplate, also for a circle.
        """
        waiting = list(self._pending(self._template.get("resources") or [], "", ""))
        self._declared = {one.id.lower() for one in waiting}
        while waiting:
            left = []
            for one in waiting:
                step = self._try(one)
                if step is None:
                    left.append(one)
                    continue
                yield step
                self._made.add(one.id.lower())
            if len(left) == len(waiting):
                raise invalid(f"circular dependency detected on resource '{left[0].id}'")
            waiting = left

    def _try(self, one: Pending) -> Step | None:
        """The step, or None while something it needs is missing."""
        needed = evaluate(one.declared.get("dependsOn") or [], one.functions)
        for name in map(str.lower, needed):
            wanted = {key for key in self._declared if key == name or key.endswith("/" + name)}
            if not wanted <= self._made:
                return None
        nested = one.declared["type"].lower() == NESTED.lower()
        given = {key: value for key, value in one.declared.items() if key not in _ENVELOPE}
        if nested:  # its own template is evaluated when it runs
            properties = given["properties"]
            rest = {key: value for key, value in properties.items() if key != "template"}
            body = {"properties": {**evaluate(rest, one.functions), "template": properties.get("template")}}
        else:
            try:
                body = _without_nulls(evaluate(given, one.functions))
            except NotYetError:
                return None
        return Step(one.id, one.declared["type"], str(one.declared.get("apiVersion", "")), body)

    def _pending(self, resources: list[Json], parent_type: str, parent_name: str) -> Iterator[Pending]:
        for declared in resources:
            if "copy" in declared:
                raise ArmError(
                    501,
                    "NotImplemented",
                    "azlocal, a local stand-in for Azure, does not serve this operation: copy loops in templates.",
                )
            if not evaluate(declared.get("condition", True), self.functions):
                continue
            name = str(evaluate(declared["name"], self.functions))
            full = {
                **declared,
                "type": f"{parent_type}/{declared['type']}".lstrip("/"),
                "name": f"{parent_name}/{name}".lstrip("/"),
            }
            yield Pending(self._id(full), full, self.functions)
            yield from self._pending(declared.get("resources") or [], full["type"], full["name"])

    def _id(self, declared: Json) -> str:
        names, (namespace, *types) = declared["name"].split("/"), declared["type"].split("/")
        if len(names) != len(types):
            raise invalid(f"the name '{declared['name']}' does not fit the type '{declared['type']}'")
        scope = evaluate(declared.get("scope", ""), self.functions) or self._scope
        if group := declared.get("resourceGroup"):
            subscription = evaluate(declared.get("subscriptionId", ""), self.functions) or self._scope.split("/")[2]
            scope = f"/subscriptions/{subscription}/resourceGroups/{evaluate(group, self.functions)}"
        return f"{scope}/providers/{namespace}/" + "/".join(
            part for pair in zip(types, names, strict=True) for part in pair
        )

    def outputs(self) -> Json:
        """The template's outputs, once everything is made."""
        return {
            name: {"type": str(one.get("type", "String")).capitalize(), "value": evaluate(one["value"], self.functions)}
            for name, one in (self._template.get("outputs") or {}).items()
        }


def _values(template: Json, given: Mapping[str, Any]) -> Json:
    """Every parameter's value: the one given, or the default.

    Raises:
        ArmError: 400 InvalidTemplate for one that is missing, unknown or not allowed.
    """
    declared = template.get("parameters") or {}
    known = {name.lower(): name for name in declared}
    values = {}
    for name, wrapped in given.items():
        if name.lower() not in known:
            raise invalid(f"the template parameter '{name}' is not found. Declared: {', '.join(declared)}")
        value = wrapped["value"] if isinstance(wrapped, dict) and "value" in wrapped else wrapped
        if value is not None:  # null is as good as not given
            values[known[name.lower()]] = value
    for name, one in declared.items():
        if name not in values:
            if "defaultValue" not in one:
                raise invalid(f"the value for the template parameter '{name}' is not provided")
            values[name] = one["defaultValue"]
        elif one.get("allowedValues") and values[name] not in one["allowedValues"]:
            allowed = ", ".join(map(str, one["allowedValues"]))
            raise invalid(f"the provided value '{values[name]}' for the parameter '{name}' is not one of {allowed}")
    return values


def _scope_functions(scope: str) -> dict[str, Callable[..., Any]]:
    """What is known from the scope: the subscription, the group, and ids in them."""
    parts = scope.split("/")
    subscription, group = parts[2], parts[4] if len(parts) > 4 else ""

    def resource_id(*given: str) -> str:
        names = list(given)
        at = next(index for index, one in enumerate(names) if "/" in one)
        before, (type_, *rest) = names[:at], names[at:]
        own_group = before[-1] if before else group
        own_subscription = before[0] if len(before) > 1 else subscription
        base = f"/subscriptions/{own_subscription}/resourceGroups/{own_group}"
        return _join(base, type_, rest)

    def subscription_id(*given: str) -> str:
        names = list(given)
        at = next(index for index, one in enumerate(names) if "/" in one)
        base = f"/subscriptions/{names[0] if at else subscription}"
        return _join(base, names[at], names[at + 1 :])

    return {
        "subscription": lambda: {
            "id": f"/subscriptions/{subscription}",
            "subscriptionId": subscription,
            "tenantId": TENANT_ID,
        },
        "resourcegroup": lambda: {"id": scope, "name": group},
        "tenant": lambda: {"tenantId": TENANT_ID},
        "resourceid": resource_id,
        "subscriptionresourceid": subscription_id,
        "extensionresourceid": lambda base, type_, *rest: _join(base, type_, list(rest)),
    }


def _join(base: str, type_: str, names: list[str]) -> str:
    namespace, *types = type_.split("/")
    if len(types) != len(names):
        raise invalid(f"resourceId of '{type_}' needs {len(types)} names, and has {len(names)}")
    parts = (part for pair in zip(types, names, strict=True) for part in pair)
    return f"{base}/providers/{namespace}/" + "/".join(parts)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
