"""Encryption of the secrets in a stack's state: AES-256-GCM with a key that only its owner can read."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from azlocal.engine.errors import EngineError
from azlocal.engine.values import Secret

MARK = "azlocal:secret"
_NONCE_BYTES = 12  # what GCM is made for (NIST SP 800-38D)


class Vault:
    """Seals and opens secrets. The key is made on first use; a stack without secrets never needs it."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._cipher: Any = None

    def seal(self, value: Any) -> Any:
        """A value to save, with every secret encrypted."""
        if isinstance(value, Secret):
            return {MARK: self._encrypt(json.dumps(self.seal(value.value)))}
        if isinstance(value, dict):
            return {key: self.seal(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.seal(item) for item in value]
        return value

    def open(self, value: Any) -> Any:
        """The saved value with its secrets again.

        Raises:
            EngineError: the key is not the one that sealed it.
        """
        if isinstance(value, dict):
            if set(value) == {MARK}:
                return Secret(self.open(json.loads(self._decrypt(value[MARK]))))
            return {key: self.open(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.open(item) for item in value]
        return value

    def _encrypt(self, text: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed: bytes = self._aes().encrypt(nonce, text.encode(), None)
        return base64.b64encode(nonce + sealed).decode()

    def _decrypt(self, sealed: str) -> str:
        from cryptography.exceptions import InvalidTag

        raw = base64.b64decode(sealed)
        try:
            opened: bytes = self._aes().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
        except InvalidTag:
            raise EngineError(
                f"the secrets in this stack's state were not sealed with the key in {self._key_file}",
                "restore that key, or start over with `azlocal reset`",
            ) from None
        return opened.decode()

    def _aes(self) -> Any:
        if self._cipher is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._cipher = AESGCM(self._key())
        return self._cipher

    def _key(self) -> bytes:
        if not self._key_file.exists():
            self._key_file.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._key_file.with_suffix(f".{os.getpid()}")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(os.urandom(32)))
            temporary.replace(self._key_file)
        return base64.b64decode(self._key_file.read_bytes())
