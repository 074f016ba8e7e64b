"""The error codes that azlocal's control plane can raise, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import azlocal.arm

KEYWORDS = frozenset({"code", "taken"})
# Raised by other methods than PUT, or by the server around the control plane.
NOT_BY_PUT = frozenset(
    {
        "CannotDeleteResource", "DeploymentNotFound", "InsufficientStorage", "MethodNotAllowed",
        "NetworkInterfaceAttachedToPrivateEndpointCannotBeDeleted", "OperationNotFound", "ResourceDeploymentFailure",
    }
)  # fmt: skip
STATES = frozenset({"Running", "Stopped"})  # of a power operation, whose codes are made of them


def raised_codes() -> set[str]:
    """Every constant that stands where an error code is expected: an argument or a default named ``code``."""
    trees = [ast.parse(path.read_text()) for path in Path(azlocal.arm.__path__[0]).rglob("*.py")]
    places = {"ArmError": 1, "bad_request": 1} | {
        name: place for tree in trees for name, place in _functions_with_code(tree)
    }
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = {code for call in calls for code in _codes(call, places)}
    return found - NOT_BY_PUT - STATES


def _functions_with_code(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if "code" in names:
                yield node.name, names.index("code")


def _codes(call: ast.Call, places: dict[str, int]) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    given = [keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS]
    given += call.args[places[name] : places[name] + 1] if name in places else []
    for node in (node for one in given for node in ast.walk(one) if isinstance(node, ast.Constant)):
        if isinstance(node.value, str) and node.value.isidentifier() and node.value[0].isupper():
            yield node.value
