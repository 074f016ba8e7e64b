"""What the policy pack needs to run under Pulumi: its environment in .cache/policy, and the shapes of Azure's types."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "locks" / "policy.txt"
ENVIRONMENT = ROOT / ".cache" / "policy"
SHAPES = ROOT / "infra" / "policy" / "shapes.json"
UV = ROOT / ".venv" / "bin" / "uv"


def environment() -> Path:
    """The interpreter of the pack's environment, made or renewed where the lock file has changed.

    Raises:
        CalledProcessError: uv could not install it, and has said why.
    """
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / ".ready"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        _uv("venv", "--allow-existing", "--python", sys.executable, str(ENVIRONMENT))
        _uv("pip", "sync", "--python", str(python), "--require-hashes", str(LOCK))
        stamp.write_text(wanted)
    return python


def _uv(*arguments: str) -> None:
    kept = {"UV_CACHE_DIR": str(ROOT / ".cache" / "uv"), **os.environ}
    subprocess.run([str(UV), *arguments, "--quiet"], check=True, env=kept)


def shapes() -> str:
    """The text of ``shapes.json``, from the tables of the engine that plans this program."""
    from azlocal.engine.tables import all_types
    from azlocal.engine.tables.base import arm_type_of

    rows = {
        token: {
            "type": arm_type_of(row.path),
            "path": row.path,
            "notInBody": sorted({*row.path_inputs, *row.queries}),
            "shape": _shape(row.shape),
        }
        for token, row in sorted(all_types().items())
    }
    return "{\n" + ",\n".join(f"{json.dumps(token)}: {json.dumps(row)}" for token, row in rows.items()) + "\n}\n"


def _shape(shape: Any) -> dict[str, Any]:
    """What differs from the wire; nothing said travels as it is."""
    told: dict[str, Any] = {}
    if shape.beside is not None:
        told["beside"] = sorted(shape.beside)
    if shape.rename:
        told["rename"] = dict(sorted(shape.rename.items()))
    if shape.inside:
        told["inside"] = {name: _shape(inner) for name, inner in sorted(shape.inside.items())}
    if shape.id_set:
        told["idSet"] = True
    return told


def main() -> None:
    """Write the shapes and make the environment."""
    SHAPES.write_text(shapes())
    environment()


if __name__ == "__main__":
    main()
