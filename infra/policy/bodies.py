"""From what a program gives azure-native to what goes to Azure: the bodies that the rules judge.

azure-native lifts what Azure keeps under ``properties``, renames a few things, and has the parts of an id as inputs.
``shapes.json`` says for each type where: it is written by ``make policy-pack`` from the tables of the engine that
plans this program, for this folder imports nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .model import Resource
from .unknown import Unknown

Json = dict[str, Any]
PREFIX = "azure-native:"
WHOLE = ("scope", "resourceUri", "resourceId")  # inputs that are ids themselves
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"  # no rule looks at it


@cache
def shapes() -> Json:
    """Path and shape of each type, by ``module:Type``."""
    found: Json = json.loads(Path(__file__).with_name("shapes.json").read_text())
    return found


def resource_of(urn: str, name: str, token: str, inputs: Mapping[str, Any]) -> Resource | None:
    """The resource as it goes on the wire; None where it is none of Azure's, or of a type that no rule knows.

    A part of its id that is not known yet makes the whole id unknown.
    """
    row = shapes().get(_key(token))
    if row is None:
        return None
    body = _to_wire({key: value for key, value in inputs.items() if key not in row["notInBody"]}, row["shape"])
    id_ = _id(row["path"], inputs)
    known = isinstance(id_, str) and "{" in row["type"]  # the kind of a DNS record is an input
    return Resource(urn, name, _type(id_) if known else row["type"], id_, body)


def _type(id_: str) -> str:
    namespace, *segments = id_.rsplit("/providers/", 1)[1].split("/")
    return "/".join((namespace, *segments[0::2]))


def _key(token: str) -> str:
    """``keyvault:Vault`` of ``azure-native:keyvault/v20230701:Vault``."""
    if not token.startswith(PREFIX):
        return ""
    module, _, type_ = token.removeprefix(PREFIX).partition(":")
    return f"{module.partition('/')[0]}:{type_}"


def _id(path: str, inputs: Mapping[str, Any]) -> Any:
    parts = {name: inputs.get(name) for name in re.findall(r"{(\w+)}", path)} | {"subscriptionId": SUBSCRIPTION}
    for name, value in parts.items():
        if isinstance(value, Unknown) or not value:
            return Unknown(name)
        path = path.replace(f"{{{name}}}", str(value).strip("/") if name in WHOLE else str(value))
    return path


def _to_wire(value: Any, shape: Json | None) -> Any:
    if shape is None:
        return value
    if isinstance(value, list):
        return {key: {} for key in value} if shape.get("idSet") else [_to_wire(item, shape) for item in value]
    if not isinstance(value, dict):
        return value
    body: Json = {}
    inside = shape.get("inside", {})
    for name, item in value.items():
        target = body
        if "beside" in shape and name not in shape["beside"]:
            target = body.setdefault("properties", {})
        *outer, last = shape.get("rename", {}).get(name, name).split(".")
        for step in outer:
            target = target.setdefault(step, {})
        target[last] = _to_wire(item, inside.get(name) or inside.get("*"))
    return body
