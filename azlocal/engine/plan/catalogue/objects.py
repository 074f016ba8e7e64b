"""Codes of this engine, and reasons of the Kubernetes API."""

from __future__ import annotations

from azlocal.engine.errors import UNPROTECT
from azlocal.engine.plan.catalogue.base import Advice, table

_PULUMI = "https://www.pulumi.com/docs/iac/concepts/"
_KUBERNETES = "https://kubernetes.io/docs/reference/"

ROWS = {
    "AlreadyExists": Advice(
        "use another name, or take the resource over with the option `import_`", f"{_PULUMI}options/import/"
    ),
    "DuplicateName": Advice("give the two resources different names", f"{_PULUMI}resources/names/"),
    "ImportMismatch": Advice("make the program's inputs those of what is imported", f"{_PULUMI}options/import/"),
    "MissingInput": Advice("set the input that the message names", f"{_PULUMI}inputs-outputs/"),
    "Protected": Advice(UNPROTECT, f"{_PULUMI}options/protect/"),
    "DataLoss": Advice("leave the resource as it is, or add the option that the message names", "docs/azlocal.md"),
    "NotServed": Advice("leave it out of this environment, or add a row as the message says", "docs/azlocal.md"),
    "FieldValueTypeInvalid": Advice(
        "give each field the type that its schema names", f"{_KUBERNETES}using-api/server-side-apply/"
    ),
    "Invalid": Advice("correct the field that the message names", f"{_KUBERNETES}using-api/api-concepts/"),
    **table(
        "azure-resource-manager/management/async-operations",
        {"OperationTimedOut": "give the resource a longer `custom_timeouts`"},
    ),
    **table(
        "azure-resource-manager/management/overview",
        {"NotImplemented": "leave it out of this environment: azlocal has no such operation"},
    ),
}
