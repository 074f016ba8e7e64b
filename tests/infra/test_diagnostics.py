"""Nothing that has logs is silent: the table is checked against Azure's list of categories, not against itself."""

from __future__ import annotations

import pulumi
import pytest
from pulumi.output import Unknown
from pulumi_azure_native import keyvault, network

from azlocal.arm.providers.diagnostics import CATEGORIES, GROUPS
from azlocal.engine.tables import all_types
from azlocal.engine.tables.base import arm_type_of
from infra.block import Block
from infra.monitoring.diagnostic_tables import FORMER, TABLE, WITHOUT, Row
from infra.monitoring.diagnostics import Diagnostics, DiagnosticsArgs
from tests.infra import program
from tests.infra.program import Deployment, each

ARM_TYPES = {token: arm_type_of(row.path) for token, row in all_types().items()}


# A service of a storage account is heard through the account, with which it comes.
WITH_PARENT = {
    f"{ARM_TYPES[kind]}{row.part}".removesuffix("/default").lower()
    for kind, rows in TABLE.items()
    for row in rows
    if row.part
}


def _silent(deployment: Deployment) -> list[str]:
    """Resources whose type has categories and that no setting names."""
    heard = {entry.inputs["resourceUri"] for entry in deployment.all("monitor:DiagnosticSetting")}
    return [
        made.name
        for made in deployment.resources
        for kind in [made.type.removeprefix("azure-native:")]
        if ARM_TYPES.get(kind, "").lower() in CATEGORIES.keys() - WITH_PARENT and kind not in WITHOUT
        if not any(uri == made.id or uri.startswith(f"{made.id}/") for uri in heard)
    ]


def test_nothing_that_has_logs_is_silent(applied: Deployment) -> None:
    assert applied.all("monitor:DiagnosticSetting")
    assert _silent(applied) == []


def test_a_forgotten_type_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TABLE, "keyvault:Vault")
    assert _silent(program.run("dev")) == ["vault-vault"]


def test_categories_are_azures(applied: Deployment) -> None:
    types = {made.id: ARM_TYPES[made.type.removeprefix("azure-native:")] for made in applied.azure()}
    for entry in each(applied.all("monitor:DiagnosticSetting")):
        given, uri = entry.inputs, entry.inputs["resourceUri"]
        target = uri if uri in types else uri.rsplit("/", 2)[0]
        logs, metrics = CATEGORIES[(types[target] + uri.removeprefix(target).removesuffix("/default")).lower()]
        assert given["logs"] or given["metrics"], entry.name
        assert {one["category"] for one in given["logs"] if "category" in one} <= set(logs), entry.name
        assert {one["categoryGroup"] for one in given["logs"] if "categoryGroup" in one} <= set(GROUPS if logs else ())
        assert {one["category"] for one in given["metrics"]} <= set(metrics), entry.name
        assert all(one["enabled"] for one in [*given["logs"], *given["metrics"]])


def test_everything_reports_to_the_one_workspace(deployment: Deployment) -> None:
    logs = deployment.one("operationalinsights:Workspace").id
    for entry in each(deployment.all("monitor:DiagnosticSetting")):
        if not deployment.awaits(entry.inputs["workspaceId"]):
            assert entry.inputs["workspaceId"] == logs


def test_the_audit_log_of_the_cluster_is_the_cheap_one(deployment: Deployment) -> None:
    made = deployment.one("monitor:DiagnosticSetting", "diagnostics-cluster-aks").inputs
    categories = {one["category"] for one in made["logs"]}
    assert {"kube-audit-admin", "guard"} <= categories
    assert "kube-audit" not in categories
    assert made["logAnalyticsDestinationType"] == "Dedicated"


def test_settings_of_a_former_stack_are_kept(deployment: Deployment) -> None:
    names = {entry.name for entry in deployment.all("monitor:DiagnosticSetting")}
    subnets = {made.name for made in deployment.all("NetworkSecurityGroup")}
    for now, before in each(FORMER.items()):
        assert f"diagnostics-{now}" in names or (now == "network-nsg-training" and now not in subnets)
        assert now != before


def test_rows_of_a_type_are_told_apart() -> None:
    for kind, rows in each(TABLE.items()):
        assert len({row.purpose for row in rows}) == len(rows), kind
    assert Row("/blobServices/default").purpose == "blob"


class _Lonely(Block):
    """A block with a resource that nobody lists, and one that has nothing to tell."""

    def __init__(self) -> None:
        super().__init__("lonely")
        keyvault.Vault(
            "lonely-vault",
            resource_group_name="rg",
            vault_name="kv",
            properties=keyvault.VaultPropertiesArgs(
                sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD), tenant_id=program.TENANT
            ),
            opts=self.child(),
        )
        network.RouteTable("lonely-routes", resource_group_name="rg", route_table_name="rt", opts=self.child())


@pytest.mark.parametrize("preview", [False, True])
def test_a_resource_is_found_wherever_it_is_made(preview: bool) -> None:  # noqa: FBT001  # a parameter
    """Also in a preview, where no id is known yet."""
    recorded = Deployment()

    def lonely() -> None:
        _Lonely()
        Diagnostics("diagnostics", DiagnosticsArgs(pulumi.Output.from_input("/logs")))

    program.run_in_stack("local", lonely, recorded, preview=preview)
    (made,) = recorded.all("monitor:DiagnosticSetting")
    assert made.name == "diagnostics-lonely-vault"
    assert isinstance(made.inputs["resourceUri"], Unknown) == preview
