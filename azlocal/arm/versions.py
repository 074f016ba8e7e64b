"""The api-version of a request (ARM RPC, "API Versioning")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z]+(\.\d+)?)?")


def check_api_version(call: Call) -> None:
    """Refuse a missing, malformed or unknown api-version.

    Raises:
        ArmError: MissingApiVersionParameter, InvalidApiVersionParameter or NoRegisteredProviderFound.
    """
    version = call.api_version
    known = call.type.versions or call.namespace.versions
    if version in known:
        return
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _FORM.fullmatch(version):
        raise ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. It has the form YYYY-MM-DD or YYYY-MM-DD-preview;"
            f" supported are '{', '.join(known)}'.",
        )
    raise ArmError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location 'global' and API version '{version}' for type"
        f" '{'/'.join(call.path.types)}'. The supported api-versions are '{', '.join(known)}'.",
    )
