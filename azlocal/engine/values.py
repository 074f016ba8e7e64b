"""Property values between the SDK's protobuf and plain Python, with secrets and unknowns kept apart.

The SDK marks a secret by an object with a signature and an unknown by a fixed text
(``pulumi.runtime.rpc``). Here a secret is a ``Secret`` and an unknown is ``UNKNOWN``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from google.protobuf import struct_pb2  # type: ignore[import-untyped]

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 -- the SDK's marker, not a secret
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Json = dict[str, Any]


class _Unknown:
    """The value of something that does not exist yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be seen: hidden in what is printed, encrypted in what is saved."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


def decode(struct: struct_pb2.Struct) -> Json:
    """Inputs as the program gave them, in order of name; nulls are left out, as Pulumi does."""
    decoded = {key: _decode(value) for key, value in sorted(struct.fields.items())}
    return {key: value for key, value in decoded.items() if value is not None}


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text == UNKNOWN_TEXT else text
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        decoded = decode(value.struct_value)
        return _marked(decoded) if SIGNATURE in decoded else decoded
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    return None


def _marked(decoded: Json) -> Any:
    if decoded[SIGNATURE] == SECRET:
        return Secret(decoded.get("value"))
    return decoded


def encode(value: Any) -> Any:
    """The SDK's own form of a value, as plain Python that a protobuf Struct takes."""
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": encode(value.value)}
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def from_plain(value: Any) -> Any:
    """What code of the program answers, with the SDK's own marks taken for what they are; nulls are left out."""
    if isinstance(value, str):
        return UNKNOWN if value == UNKNOWN_TEXT else value
    if isinstance(value, Mapping):
        read = {str(key): from_plain(item) for key, item in value.items() if item is not None}
        return _marked(read) if SIGNATURE in read else read
    if isinstance(value, list | tuple):
        return [from_plain(item) for item in value]
    return value


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Outputs for the SDK."""
    from google.protobuf import struct_pb2

    struct = struct_pb2.Struct()
    struct.update(encode(values))
    return struct


def reveal(value: Any) -> Any:
    """The value without secret marks: what goes to Azure."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def conceal(value: Any) -> Any:
    """The value for people's eyes: secrets and unknowns as words."""
    if isinstance(value, Secret):
        return "[secret]"
    if value is UNKNOWN:
        return "[unknown]"
    if isinstance(value, dict):
        return {key: conceal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [conceal(item) for item in value]
    return value


def has_unknown(value: Any) -> bool:
    """Whether anything inside is not known yet."""
    return any(item is UNKNOWN for item in walk(value))


def with_placeholders(value: Any) -> Any:
    """The value with a word in the place of everything unknown."""
    if value is UNKNOWN:
        return "[unknown]"
    if isinstance(value, Secret):
        return Secret(with_placeholders(value.value))
    if isinstance(value, dict):
        return {key: with_placeholders(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_placeholders(item) for item in value]
    return value


def walk(value: Any) -> Iterator[Any]:
    """Every value inside, the value itself first."""
    yield value
    if isinstance(value, Secret):
        yield from walk(value.value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
