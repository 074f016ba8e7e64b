"""The forms that settings have, in words: for each pattern what it asks for, and an example."""

from __future__ import annotations

_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
_TYPES = {
    "Microsoft.Network/virtualNetworks": "a virtual network",
    "Microsoft.Storage/storageAccounts": "a storage account",
    "Microsoft.ContainerRegistry/registries": "a container registry",
    "Microsoft.OperationalInsights/workspaces": "a Log Analytics workspace",
}
WORDS: dict[str, tuple[str, str]] = {
    r"^https://[a-zA-Z0-9-]{3,24}\.vault\.azure\.net/keys/[a-zA-Z0-9-]{1,127}$": (
        "the address of a key without its version", "https://kv-shared.vault.azure.net/keys/synapse"),
    r"(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ManagedIdentity"
    r"/userAssignedIdentities/[^/]+$": (
        "the id of a user-assigned identity",
        f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-synapse"),
    r"^\d\.\d$": ("a digit, a point and a digit, in quotes", '"3.4"'),
    r"^[-\w._()]{1,89}[-\w_()]$": (
        "2 to 90 letters, digits, hyphens, points, brackets and _, no point at the end", "rg-synapse-managed"),
    **{
        rf"^/subscriptions/[0-9a-fA-F-]{{36}}/resourceGroups/[-\w.()]+/providers/(?i:{kind})/[\w.-]+$": (
            f"the id of {what}", f"{_GROUP}/providers/{kind}/theirs")
        for kind, what in _TYPES.items()
    },
    r"^/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[-\w.()]+$": (
        "the id of a resource group", _GROUP),
    r"^[a-z][a-z0-9]{0,11}$": ("1 to 12 lower-case letters and digits, a letter first", "workload"),
    r"^[a-z][a-z0-9]{1,6}$": ("2 to 7 lower-case letters and digits, a letter first", "mlp"),
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": (
        "1 to 63 lower-case letters, digits and hyphens, no hyphen at either end", "models"),
    r"^[a-zA-Z][a-zA-Z0-9-]{0,14}[a-zA-Z0-9]$": (
        "2 to 16 letters, digits and hyphens, a letter first and no hyphen last", "cpu-cluster"),
    r"^[0-9]+(\.[0-9]+)?(m|Mi|Gi)?$": ("a quantity of Kubernetes: a number, alone or with m, Mi or Gi", "500m or 4Gi"),
    r"^[A-Za-z0-9]([A-Za-z0-9-]{0,38})$": ("1 to 39 letters, digits and hyphens, no hyphen first", "example-org"),
    r"^[\w.-]{1,100}$": ("1 to 100 letters, digits, hyphens, points and _", "azure-ml-platform"),
    r"^[\w-]{1,12}$": ("1 to 12 letters, digits, hyphens and _", "mlp-prod"),
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": ("an e-mail address", "ml-platform@example.com"),
    r"^([01]\d|2[0-3]):[0-5]\d$": ("a time from 00:00 to 23:59, in quotes", '"01:00"'),
    r"^Standard_\w+$": ("a size of virtual machines, which begins with Standard_", "Standard_D4ds_v5"),
    r"^[+-](0\d|1[0-4]):[0-5]\d$": ("+ or - and hours and minutes, up to 14:59, in quotes", '"+01:00"'),
    r"^1\.\d{2}$": ("a minor version of Kubernetes, in quotes", '"1.34"'),
    r"^[a-z0-9-]+(\.[a-z0-9-]+)+$": (
        "a host name: lower-case letters, digits and hyphens, with at least one point", "scoring.ml.example.com"),
    r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$": (
        "a host name: lower-case letters, digits and hyphens, with at least one point; *. first means all below it",
        '"*.example.com"'),
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$": (
        "1 to 100 letters, digits, hyphens and _, a letter or digit first", "allow-packages"),
    r"^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$": (
        "3 to 33 letters, digits, hyphens and _, a letter or digit first", "mlr-mlp-prod-a1b2c3"),
    r"^[0-9*/,-]+( [0-9*/,-]+){4}$": ("five fields of cron, in quotes", '"0 19 * * *"'),
    r"^(UTC([+-]\d{2})?|Russia Time Zone \d{1,2}|[A-Z][A-Za-z. -]* Standard Time( \(Mexico\))?)$": (
        "a time zone as Windows calls it", "W. Europe Standard Time"),
    r"^[a-z][a-z0-9-]{1,22}[a-z0-9]$": (
        "3 to 24 lower-case letters, digits and hyphens, a letter first and no hyphen last", "desk-ada"),
    r"^[A-Z][A-Za-z]+(\.[A-Za-z0-9]+)?$": ("a service tag", "AzureMonitor"),
    r"^[0-9, -]+$": ("ports and ranges of ports, separated by commas", '"443, 8000-8010"'),
    r"^P\d+[DMY]$": ("a duration of days, months or years in ISO 8601", "P90D"),
}  # fmt: skip
