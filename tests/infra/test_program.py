from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator

import pulumi
import pytest
from pulumi.runtime.settings import SETTINGS

from infra.settings.reader import parse
from tests.infra import program
from tests.infra.program import Deployment, each

OUTPUTS = {
    "location",
    "resource_group",
    "workspace_name",
    "workspace_id",
    "lake_account",
    "lake_datastores",
    "lake_blob_endpoint",
    "lake_dfs_endpoint",
    "cpu_cluster",
    "kubernetes_compute",
    "kubernetes_namespace",
    "kubernetes_cluster",
    "kubernetes_service_account",
    "key_vault_uri",
    "container_registry",
    "log_analytics_workspace_id",
    "lake_curated_url",
    "lake_scores_url",
    "synapse_sql_endpoint",
    "log_analytics_resource_id",
    "promotion_registry",
    "night_stop",
    "application_insights_connection_string",
    "synapse_workspace",
    "synapse_spark_pool",
    "scoring_host",
    "training_identity_client_id",
    "workload_identity_client_id",
}
MAY_BE_EMPTY = {"night_stop", "promotion_registry"}
BLOCKS = {
    "Network",
    "PrivateEndpoints",
    "DataLake",
    "WorkspaceStorage",
    "Vault",
    "Registry",
    "Observability",
    "Identity",
    "RoleMatrix",
    "SparkAccess",
    "SparkAnalytics",
    "Workspace",
    "Training",
    "Cluster",
    "Serving",
    "Certificate",
    "Ingress",
    "Diagnostics",
    "ContainerLogs",
    "PrivateMonitoring",
    "Alerts",
    "Budget",
    "Workbook",
    "Guards",
}


def test_outputs_are_the_contract(deployment: Deployment) -> None:
    assert deployment.outputs.keys() == OUTPUTS
    maybe = MAY_BE_EMPTY | ({"key_vault_uri"} if deployment.preview else set())  # it is in what the program gave itself
    assert all(value for key, value in deployment.outputs.items() if key not in maybe)
    assert deployment.outputs["lake_datastores"] == {zone: zone for zone in ("raw", "curated", "features", "scores")}
    assert deployment.secret_outputs == {"application_insights_connection_string"}


def test_every_block_is_there_once(deployment: Deployment) -> None:
    blocks = [made.type.split(":")[-1] for made in deployment.resources if made.type.startswith(program.PROJECT)]
    chosen = parse(program.configuration(deployment.environment))
    optional = {"Hub": chosen.network.egress == "firewall", "Promotion": chosen.workspace.promotion_registry}
    assert sorted(blocks) == sorted(BLOCKS | {name for name, wanted in optional.items() if wanted})


def test_resources_belong_to_a_block(deployment: Deployment) -> None:
    for made in each(deployment.resources):
        top = made.type.startswith(program.PROJECT) or made.name == "group"
        assert made.parent.split("::")[-2].endswith("pulumi:pulumi:Stack") == top, made.urn


def test_what_takes_tags_has_them(deployment: Deployment) -> None:
    tagged = [made for made in deployment.resources if "location" in made.inputs]
    for made in each(tagged):
        tags = made.inputs["tags"]
        assert {"platform", "environment", "owner", "cost-center", "managed-by"} <= tags.keys(), made.name


def test_regional_resources_are_in_the_region(deployment: Deployment) -> None:
    for made in each(made for made in deployment.resources if "location" in made.inputs):
        everywhere = ("privatedns:", "monitor:ActionGroup", "monitor:MetricAlert", "monitor:PrivateLinkScope")
        expected = "Global" if any(kind in made.type for kind in everywhere) else deployment.outputs["location"]
        assert made.inputs["location"] == expected


def test_nothing_gets_a_random_name(deployment: Deployment) -> None:
    """A name left to Pulumi would differ on each machine."""
    for made in each(made for made in deployment.resources if made.type.startswith("azure-native")):
        assert any(key.endswith(("Name", "name")) for key in made.inputs), made.name


def test_runs_alike_twice(dev: Deployment) -> None:
    again = program.run("dev")
    assert {made.urn: made.inputs for made in dev.resources} == {made.urn: made.inputs for made in again.resources}


def test_environments_share_no_global_name(local: Deployment, dev: Deployment) -> None:
    assert _global_names(local)
    assert not set(_global_names(local)) & set(_global_names(dev))


def _global_names(deployment: Deployment) -> list[str]:
    keys = ("accountName", "vaultName", "registryName")
    kinds = ("StorageAccount", "keyvault:Vault", "containerregistry:Registry")
    return [made.inputs[key] for kind in kinds for made in deployment.all(kind) for key in keys if key in made.inputs]


def test_the_program_loads_nothing_heavy() -> None:
    """Its start is what a plan's time is measured against: each further package is paid on each run."""
    allowed = {"infra", "pulumi", "pulumi_azure_native", "pulumi_kubernetes", "pydantic", "pydantic_core"}
    allowed |= {"yaml"}  # pulumi loads it itself
    for path in each((program.ROOT / "infra").glob("*.py")):
        loaded = {name.split(".")[0] for name in _imports(ast.parse(path.read_text()))}
        assert loaded <= allowed | sys.stdlib_module_names, path.name


def _imports(node: ast.AST) -> Iterator[str]:
    """What is loaded with a module: what a function imports is paid by whoever calls it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or ""
    elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for child in ast.iter_child_nodes(node):
            yield from _imports(child)


def test_modules_hide_no_standard_one() -> None:
    """Pulumi puts the program's folder first on the path: a module of a standard name would take its place."""
    modules = {path.stem for path in (program.ROOT / "infra").glob("*.py")} - {"__init__", "__main__"}
    assert modules
    assert not modules & sys.stdlib_module_names


def test_a_wrong_setting_stops_before_the_first_resource(capsys: pytest.CaptureFixture[str]) -> None:
    values = program.configuration("local")
    values["network"]["subnets"] = {"training": "10.20.8.0/24", "aksUser": "10.20.8.0/22"}
    recorded = Deployment()
    with pytest.raises(Exception, match=r"network\.subnets\.aksUser: 10\.20\.8\.0/22 overlaps"):
        program.run("local", values, recorded)
    assert recorded.resources == []


def test_what_a_test_registers_is_done_when_it_ends() -> None:
    """What the SDK still waits for would be waited for by the next program too, on a loop that runs no more."""
    before = set(SETTINGS.outputs), pulumi.get_project(), SETTINGS.monitor
    block = program.within("local", lambda: pulumi.ComponentResource("test:index:Block", "block"))
    assert block.urn._data.done()  # the SDK shows it nowhere else
    assert (set(SETTINGS.outputs), pulumi.get_project(), SETTINGS.monitor) == before


def test_types_of_every_service_in_use_are_checked() -> None:
    """A service that the type checker's list lacks would be `Any` to it, and every mistake in its arguments fine."""
    overrides = tomllib.loads((program.ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    checked = {module for one in overrides if one.get("follow_imports") == "normal" for module in one["module"]}
    used = {
        alias.name
        for path in (program.ROOT / "infra").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "pulumi_azure_native"
        for alias in node.names
        if alias.name != "Provider"  # a class of the package itself
    }
    assert used
    assert {f"pulumi_azure_native.{name}.*" for name in used} <= checked
