"""The api-version that azure-native uses for a type or a function.

A token may carry it (``azure-native:network/v20240501:Subnet``); that of the default module stands in the SDK's
own documentation of the class or function: "Uses Azure REST API version 2024-05-01".
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Any, get_overloads

from azlocal.engine.errors import RefusedError

_STATED = re.compile(r"Uses Azure REST API version (\d{4}-\d\d-\d\d(?:-\w+)?)")
_IN_TOKEN = re.compile(r"/v(\d{4})(\d\d)(\d\d)(\w*)$")


@cache
def api_version(token: str) -> str:
    """The api-version of a resource type or function.

    Raises:
        RefusedError: the SDK that is installed does not know the token.
    """
    _, module, name = token.split(":")
    if explicit := _IN_TOKEN.search(module):
        year, month, day, preview = explicit.groups()
        return f"{year}-{month}-{day}" + (f"-{preview}" if preview else "")
    stated = _STATED.search(_documentation(module, name))
    if stated is None:
        raise RefusedError(
            f"azure-native's documentation states no api-version for '{token}'",
            "use a version of pulumi-azure-native that this engine knows: 3.29 or newer of major version 3",
        )
    return stated.group(1)


def _documentation(module: str, name: str) -> str:
    try:
        package = importlib.import_module(f"pulumi_azure_native.{module}")
    except ImportError:
        return ""
    if name[0].islower():
        return getattr(package, _snake(name), None).__doc__ or ""
    found: Any = getattr(package, name, None)
    if found is None:
        return ""
    # Resources are documented at the overloads of their constructors, which typing keeps.
    return " ".join(overload.__doc__ or "" for overload in get_overloads(found.__init__))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
