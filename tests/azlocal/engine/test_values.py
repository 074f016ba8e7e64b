"""Values through the SDK's protobuf and through the vault."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from azlocal.engine import values
from azlocal.engine.errors import EngineError
from azlocal.engine.values import UNKNOWN, Secret
from azlocal.engine.vault import Vault
from tests.azlocal.engine.conftest import relaxed

texts = st.text(max_size=6).filter(lambda text: text != values.UNKNOWN_TEXT)
scalars = st.booleans() | st.integers(-(2**53), 2**53) | texts
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
nested = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts, inner, max_size=3)
        | st.builds(Secret, inner.filter(lambda value: not isinstance(value, Secret)))
    ),
    max_leaves=6,
)


@relaxed
@given(st.dictionaries(texts, nested, max_size=3))
def test_there_and_back(given_values: dict[str, Any]) -> None:
    assert values.decode(values.to_struct(given_values)) == given_values


def test_unknown_there_and_back() -> None:
    struct = values.to_struct({"a": UNKNOWN, "b": [UNKNOWN, 1]})
    decoded = values.decode(struct)
    assert decoded == {"a": UNKNOWN, "b": [UNKNOWN, 1]}
    assert values.has_unknown(decoded)
    assert values.with_placeholders(decoded) == {"a": "[unknown]", "b": ["[unknown]", 1]}


def test_nulls_are_left_out() -> None:
    struct = struct_pb2.Struct()
    struct.update({"a": None, "b": 1})
    assert values.decode(struct) == {"b": 1}


def test_it_is_the_sdks_own_form() -> None:
    async def serialized() -> Any:
        return await rpc.serialize_properties({"key": pulumi.Output.secret("s"), "list": [1, 2.5]}, {})

    with pytest.MonkeyPatch.context() as patch:
        from pulumi.runtime.settings import SETTINGS

        patch.setattr(SETTINGS, "monitor_features", {values_secrets()})
        struct = asyncio.run(serialized())
    assert values.decode(struct) == {"key": Secret("s"), "list": [1, 2.5]}


def values_secrets() -> int:
    """The SDK's number of the feature that keeps secrets apart."""
    from pulumi.runtime.proto import resource_pb2

    return resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS


def test_what_people_see() -> None:
    assert values.conceal({"a": Secret("hunter2"), "b": [UNKNOWN], "c": 1}) == {
        "a": "[secret]",
        "b": ["[unknown]"],
        "c": 1,
    }
    assert "hunter2" not in repr(Secret("hunter2"))


@relaxed
@given(st.dictionaries(texts, nested, max_size=3))
def test_the_vault_opens_what_it_sealed(tmp_path_factory: pytest.TempPathFactory, secret: dict[str, Any]) -> None:
    vault = Vault(tmp_path_factory.mktemp("vault") / "key")
    sealed = json.loads(json.dumps(vault.seal(secret)))
    assert vault.open(sealed) == secret


@relaxed
@given(st.text("abcdefgh", min_size=8, max_size=20))
def test_a_sealed_secret_can_not_be_read(tmp_path_factory: pytest.TempPathFactory, secret: str) -> None:
    vault = Vault(tmp_path_factory.mktemp("vault") / "key")
    assert secret not in json.dumps(vault.seal({"key": Secret(secret)}))


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    key = tmp_path / "secrets" / "key"
    Vault(key).seal(Secret("s"))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "one").seal({"a": Secret("s")})
    with pytest.raises(EngineError, match="not sealed with the key"):
        Vault(tmp_path / "two").open(sealed)


def test_without_secrets_there_is_no_key(tmp_path: Path) -> None:
    Vault(tmp_path / "key").seal({"a": 1})
    assert not (tmp_path / "key").exists()
