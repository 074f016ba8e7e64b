"""Check what an environment of the repository must name, and hand it to the programs of the later steps.

GitHub's environment has AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_SUBSCRIPTION_ID, as infra/bootstrap exports them,
and PULUMI_BACKEND_URL. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import re
import sys

from tools.ci.job import StepError, fail, variable

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
BACKEND = re.compile(r"[a-z]+://\S+")
GIVEN = {
    "AZURE_CLIENT_ID": GUID,
    "AZURE_TENANT_ID": GUID,
    "AZURE_SUBSCRIPTION_ID": GUID,
    "PULUMI_BACKEND_URL": BACKEND,
}
# azure-native asks GitHub for a token itself (pulumi.com/registry/packages/azure-native/installation-configuration);
# kubelogin and the SDKs use what azure/login has signed in.
EXPORTED = {
    "ARM_USE_OIDC": "true",
    "ARM_CLIENT_ID": "AZURE_CLIENT_ID",
    "ARM_TENANT_ID": "AZURE_TENANT_ID",
    "ARM_SUBSCRIPTION_ID": "AZURE_SUBSCRIPTION_ID",
    "AZURE_SUBSCRIPTION_ID": "AZURE_SUBSCRIPTION_ID",
    "PULUMI_BACKEND_URL": "PULUMI_BACKEND_URL",
    "AAD_LOGIN_METHOD": "azurecli",
}


def main() -> int:
    """Check all of them, then hand them on."""
    given = {name: os.environ.get(name, "") for name in GIVEN}
    wrong = [f"{name} is {value!r}" for name, value in given.items() if not GIVEN[name].fullmatch(value)]
    if wrong:
        return fail(
            StepError(
                f"this GitHub environment does not say where to sign in: {', '.join(wrong)}",
                "set them as its variables: docs/workflows.md says where their values come from",
            )
        )
    for name, source in EXPORTED.items():
        variable(name, given.get(source, source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
