"""Names held by what was deleted: refused with the ways out, purged or recovered where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from azlocal.engine.ports import Reply, call
from azlocal.engine.run import Result, Target, run_destroy, run_up
from azlocal.engine.softdelete import Held
from azlocal.engine.target import local_target
from tests.azlocal.conftest import Server
from tests.azlocal.engine.conftest import PRELUDE, Heard

VERSION = "2024-11-01"
PROGRAM = """
from pulumi_azure_native import authorization, keyvault
me = authorization.get_client_config()
rg = group("NAME")

def vault(name, days=7, **properties):
    return keyvault.Vault(
        "vault", resource_group_name=rg.name, vault_name=name, location="westeurope",
        properties=keyvault.VaultPropertiesArgs(
            tenant_id=me.tenant_id, sku=keyvault.SkuArgs(family="A", name="standard"),
            enable_rbac_authorization=True, soft_delete_retention_in_days=days, **properties))

"""


class World:
    """A project with a resource group and vault names of its own."""

    def __init__(self, folder: Path, target: Target) -> None:
        self.target = target
        self.folder = folder
        self.name = f"rg-{folder.name[-40:].replace('_', '-')}"
        self.one, self.two = (f"kv-{number}-{abs(hash(folder)) % 10**12:012d}" for number in (1, 2))
        self.heard = Heard()

    def up(self, program: str, held: Held = Held.REFUSE, *, refresh: bool = False) -> Result:
        """One ``up`` of a program; ONE and TWO stand for the vaults' names."""
        self.heard = Heard()
        (self.folder / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime: python\n")
        (self.folder / "Pulumi.dev.yaml").touch()
        text = (PROGRAM + program).replace("NAME", self.name).replace("ONE", self.one).replace("TWO", self.two)
        (self.folder / "__main__.py").write_text(PRELUDE + text)
        return run_up(self.folder, "dev", self.target, self.heard, held=held, refresh=refresh, accepted=["vault"])

    def destroy(self) -> Result:
        """Delete everything."""
        self.heard = Heard()
        return run_destroy(self.folder, "dev", self.target, self.heard)

    @property
    def kept(self) -> set[str]:
        """Names of this world's vaults that Azure keeps after their deletion."""
        subscription = self.target.port.identity.subscription_id
        path = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/deletedVaults"
        found = self.target.port.send("GET", path, {"api-version": VERSION}).body["value"]
        return {one["name"] for one in found} & {self.one, self.two}

    def vault_id(self, name: str) -> str:
        """The id of a vault of this world."""
        group = f"/subscriptions/{self.target.port.identity.subscription_id}/resourceGroups/{self.name}"
        return f"{group}/providers/Microsoft.KeyVault/vaults/{name}"


@pytest.fixture
def world(server: Server, tmp_path: Path) -> Iterator[World]:
    """A project on the running azlocal."""
    with local_target(server.folder) as target:
        yield World(tmp_path, target)


def test_a_name_that_a_deleted_vault_holds(world: World) -> None:
    world.up("vault('ONE')")
    assert world.up("vault('TWO')").exit_code == 0
    assert world.kept == {world.one}
    [failure] = world.up("vault('ONE')").summary.failures
    assert failure.code == "ConflictError"
    assert f"The name is held by the deleted {world.vault_id(world.one)}, until 20" in failure.message
    assert "which this stack made: `azlocal up dev --purge-deleted` gives it up for good," in failure.message
    assert "`azlocal up dev --recover-deleted` brings it back." in failure.message
    assert world.up("vault('ONE')", Held.PURGE).exit_code == 0
    assert ("purged", world.vault_id(world.one)) in world.heard.notes
    assert world.kept == {world.two}
    assert world.destroy().exit_code == 0
    assert world.kept == set()
    assert world.up("vault('TWO')").exit_code == 0
    assert world.destroy().exit_code == 0


def test_a_deleted_vault_is_brought_back_with_what_it_held(world: World) -> None:
    world.up("vault('ONE', enabled_for_deployment=True)")
    world.up("")
    assert world.kept == {world.one}
    assert world.up("vault('ONE')", Held.RECOVER).exit_code == 0
    assert ("recovered", world.vault_id(world.one)) in world.heard.notes
    assert world.kept == set()
    assert not world.up("vault('ONE')").summary.changed
    assert world.destroy().exit_code == 0


def test_a_vault_deleted_outside_is_the_stacks_own_still(world: World) -> None:
    world.up("vault('ONE')")
    call(world.target.port, "DELETE", world.vault_id(world.one), VERSION)
    assert "--purge-deleted" in world.up("vault('ONE')", refresh=True).summary.failures[0].message
    assert world.up("vault('ONE')", Held.PURGE).exit_code == 0
    call(world.target.port, "DELETE", world.vault_id(world.one), VERSION)
    assert world.destroy().exit_code == 0
    assert world.kept == set()


def test_another_s_deleted_vault_is_not_touched(world: World) -> None:
    world.up("vault('ONE')")
    (stacks,) = (world.target.folder / "stacks" / world.name).glob("*.json")
    call(world.target.port, "DELETE", world.vault_id(world.one), VERSION)
    stacks.unlink()  # another state folder, another colleague
    call(world.target.port, "DELETE", world.vault_id("").partition("/providers")[0], "2024-03-01")
    [failure] = world.up("vault('ONE')", Held.PURGE).summary.failures
    assert "which is not known to be this stack's: POST /subscriptions/" in failure.message
    assert f"/deletedVaults/{world.one}/purge gives it up for good" in failure.message
    assert world.kept == {world.one}


def test_purge_protection_keeps_the_name_and_that_is_said(world: World) -> None:
    world.up("vault('ONE', enable_purge_protection=True)")
    assert world.destroy().exit_code == 0
    warnings = [text for severity, text in world.heard.notes if severity == "warning"]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{world.vault_id(world.one)} keeps its name for now: ")
    assert "`azlocal up dev --recover-deleted` brings it back with what it held." in warnings[0]
    assert world.kept == {world.one}
    [failure] = world.up("vault('ONE', enable_purge_protection=True)").summary.failures
    assert "which this stack made: it is protected from purging; `azlocal up dev --recover-deleted`" in failure.message
    assert "--purge-deleted" not in failure.message, "nobody may purge it"
    assert world.up("vault('ONE', enable_purge_protection=True)", Held.RECOVER).exit_code == 0


def test_who_sees_nothing_outside_the_group_recovers_by_the_word_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = world.target.port.send

    def within(method: str, path: str, query: Mapping[str, str], body: Any = None) -> Reply:
        """What an identity with roles on one group alone is answered."""
        if "/deletedVaults" in path:
            return Reply(403, {"error": {"code": "AuthorizationFailed", "message": "no authorization over the scope."}})
        return send(method, path, query, body)

    monkeypatch.setattr(world.target.port, "send", within)
    world.up("vault('ONE')")
    assert world.destroy().exit_code == 0
    assert "no authorization over the scope. `azlocal up dev --recover-deleted`" in world.heard.notes[-1][1]
    [failure] = world.up("vault('ONE')").summary.failures
    assert "`azlocal up dev --recover-deleted` brings it back." in failure.message
    assert world.up("vault('ONE')", Held.RECOVER).exit_code == 0
