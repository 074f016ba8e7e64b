"""What the policy pack needs to run under Pulumi: its environment in .cache/policy, and the shapes of Azure's types."""

from __future__ import annotations

import json
from typing import Any

from tools.environments import ROOT, interpreter

SHAPES = ROOT / "infra" / "policy" / "shapes.json"


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
    interpreter("policy")


if __name__ == "__main__":
    main()
