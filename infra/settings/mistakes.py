"""What is wrong with one value, in words, and what to write instead."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from infra.settings.words import WORDS

TIME = "hh:mm"
LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "over"),
}


def told(detail: ErrorDetails, annotation: Any, description: str) -> tuple[str, str]:
    """What a value must be, with what the setting is, and the fix."""
    pattern = str(detail.get("ctx", {}).get("pattern", ""))
    plain = detail["msg"].removeprefix("Value error, ")
    message = f"must be {WORDS[pattern][0]}" if pattern in WORDS else plain[0].lower() + plain[1:]
    if holds_secret(annotation):
        return message, description or "give what the message allows"
    hint = _fix(detail, annotation, description)
    if not hint:
        return message, description or "give what the message allows"
    return f"{message}{f' ({description})' if description else ''}", hint


def _fix(detail: ErrorDetails, annotation: Any, description: str) -> str:
    """What to write instead, where more is known than what the setting is."""
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if context.get("pattern") in WORDS:
        return f"for instance {WORDS[context['pattern']][1]}"
    if kind == "string_type" and number:
        return _quoted(given, description)
    if kind == "literal_error":
        wanted = str(context["expected"]).replace("True", "true").replace("False", "false")
        return _quoted(given, "") if number and f"'{given}'" in wanted else f"choose {wanted}"
    if kind in _WANTED and isinstance(given, str):
        return "write it without quotes" if _plain(given) else f"give {_WANTED[kind]}"
    if kind == "finite_number":
        return "give a number"
    if kind in LIMITS:
        limit, words = LIMITS[kind]
        return f"give {words} {context[limit]}"
    return _range(given) if "IPv4Network" in str(annotation) else ""


_WANTED = {"int_type": "a whole number", "float_type": "a number", "bool_type": "true or false"}


def _plain(given: str) -> bool:
    return given in {"true", "false"} or given.replace(".", "", 1).isdigit()


def _quoted(given: float, description: str) -> str:
    """How a number is written that is meant as a text; YAML reads 10:00 as so many minutes."""
    if isinstance(given, int):
        text = f"{given // 60:02}:{given % 60:02}" if description == TIME else str(given)
        return f'put it in quotes: "{text}"'
    return f'put it in quotes: "{given}", with the digits that are meant'


def _range(given: Any) -> str:
    """The range that is meant by an address inside it."""
    try:
        meant = IPv4Network(given, strict=False)
    except (ValueError, TypeError):
        return "give a range of addresses, such as 10.20.0.0/16"
    return f"give the network's address: {meant}"


def holds_secret(annotation: Any) -> bool:
    """Whether a field is a secret, or a block with one in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(holds_secret(field.annotation) for field in annotation.model_fields.values())
    return annotation is SecretStr or any(holds_secret(inner) for inner in getattr(annotation, "__args__", ()))
