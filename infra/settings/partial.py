"""What can be read of a block with mistakes, so that the rules still speak about the rest of it.

A setting that could not be read is absent from the block, and not its default: a rule that asks for it stops there,
and says nothing that follows from the mistake.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_origin

from pydantic import BaseModel, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from infra.settings.base import Block

Place = tuple[int | str, ...]


def nearest(key: str, allowed: Collection[str]) -> str:
    """The key that is probably meant by an unknown one; empty where none is alike."""
    return next(iter(difflib.get_close_matches(key, allowed, n=1)), "")


def without_echoes(errors: Sequence[ErrorDetails], model: type[BaseModel]) -> list[ErrorDetails]:
    """The errors without those that a misspelt key only repeats: that the key it means is missing."""
    meant: set[Place] = set()
    for unknown in _places(errors, "extra_forbidden"):
        owner, _ = field_at(model, unknown)
        meant.add((*unknown[:-1], nearest(str(unknown[-1]), keys(owner))))
    return [error for error in errors if error["type"] != "missing" or error["loc"] not in meant]


def keys(model: type[BaseModel]) -> list[str]:
    """A block's keys as the file has them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def field_at(model: type[BaseModel], place: Place) -> tuple[type[BaseModel], FieldInfo | None]:
    """The block that owns the last part of a place, and its field."""
    owner, found = model, None
    for part in place:
        field = next((f for n, f in owner.model_fields.items() if part in (f.alias, n)), None)
        if field is None:
            continue
        found = field
        inner = block_in(field.annotation)
        if inner and part != place[-1]:
            owner = inner
    return owner, found


def readable(model: type[BaseModel], given: Any, errors: Sequence[ErrorDetails]) -> BaseModel | None:
    """The block with what is sound in it; None where nothing is."""
    if not isinstance(given, Mapping) or any(not error["loc"] for error in errors):
        return None
    return _read(model, given, [error["loc"] for error in errors], _places(errors, "extra_forbidden"))


def asks_for_unread(error: AttributeError) -> bool:
    """Whether a rule has asked a block for a setting that could not be read."""
    return isinstance(error.obj, Block) and error.name in type(error.obj).model_fields


def _read(model: type[BaseModel], given: Mapping[str, Any], wrong: list[Place], unknown: set[Place]) -> BaseModel:
    spoilt = {place[0] for place in wrong}
    spoilt |= {nearest(str(place[0]), keys(model)) for place in unknown if len(place) == 1}
    sound: dict[str, FieldInfo] = {}
    parts: dict[str, BaseModel] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = None if get_origin(field.annotation) in (dict, tuple) else block_in(field.annotation)
        if key not in spoilt:
            sound[name] = field
        elif inner and isinstance(given.get(key), Mapping) and (key,) not in wrong:
            parts[name] = _read(inner, given[key], _below(key, wrong), set(_below(key, unknown)))
    fields: dict[str, Any] = {name: (field.annotation, field) for name, field in sound.items()}
    one = create_model(model.__name__, __base__=Block, **fields)
    read = one.model_validate_json(json.dumps({key: value for key, value in given.items() if key in keys(one)}))
    found: dict[str, Any] = {**{name: getattr(read, name) for name in sound}, **parts}
    block = model.model_construct(**found)
    for name in model.model_fields.keys() - sound.keys() - parts.keys():
        block.__dict__.pop(name, None)  # the default that it was constructed with
    return block


def block_in(annotation: Any) -> type[BaseModel] | None:
    """The block that a setting is, or those that it holds by name or in a list."""
    for inner in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    return None


def _below(key: str, places: Collection[Place]) -> list[Place]:
    return [place[1:] for place in places if place[0] == key and len(place) > 1]


def _places(errors: Sequence[ErrorDetails], kind: str) -> set[Place]:
    return {error["loc"] for error in errors if error["type"] == kind}
