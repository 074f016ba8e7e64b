"""Azure's public regions, as ARM names them."""

_NAMES = """
    australiacentral australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth canadacentral
    canadaeast centralindia centralus chilecentral eastasia eastus eastus2 francecentral germanywestcentral
    indonesiacentral israelcentral italynorth japaneast japanwest koreacentral koreasouth malaysiawest
    mexicocentral newzealandnorth northcentralus northeurope norwayeast polandcentral qatarcentral
    southafricanorth southcentralus southeastasia southindia spaincentral swedencentral switzerlandnorth
    uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3 global
"""
KNOWN = frozenset(_NAMES.split())
LACKING: dict[str, frozenset[str]] = {
    # Not among the regions that Azure's own refusal lists (Azure/data-management-zone, issue 277).
    "microsoft.synapse": frozenset({"australiacentral", "koreasouth", "southindia", "westindia"}),
}
"""Regions that are known to lack a namespace; of any other one nobody here knows that it does."""


def normalize(location: str) -> str:
    """``West Europe`` and ``westeurope`` are the same place."""
    return location.replace(" ", "").lower()
