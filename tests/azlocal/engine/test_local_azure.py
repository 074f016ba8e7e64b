"""The engine on a running azlocal: over HTTPS, by its commands, and killed at any moment."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azlocal.cli import main
from azlocal.engine.errors import EngineError
from azlocal.engine.events import Action
from azlocal.engine.https import ArmOverHttps, Connections, Tokens
from azlocal.engine.run import Target, run_destroy, run_up
from azlocal.engine.target import local_target
from azlocal.entra.principals import OTHER_SUBSCRIPTION_ID, SUBSCRIPTION_ID
from tests.azlocal.conftest import Server
from tests.azlocal.engine.conftest import PRELUDE, Heard

PROGRAM = """
from pulumi_azure_native import authorization, operationalinsights
import pulumi_kubernetes as k8s

me = authorization.get_client_config()
rg = group("NAME")
made = [identity(f"one{number}", rg.name) for number in range(COUNT)]
logs = operationalinsights.Workspace(
    "logs", resource_group_name=rg.name, workspace_name="logs-NAME", retention_in_days=30)
pulumi.export("group", rg.id)
pulumi.export("principal", made[0].principal_id)
pulumi.export("me", me.object_id)
pulumi.export("key", pulumi.Output.secret("hidden"))
"""


class Terminal(io.StringIO):
    """Somebody types."""

    def isatty(self) -> bool:
        """A terminal."""
        return True


@pytest.fixture
def target(server: Server) -> Iterator[Target]:
    """The running azlocal, as its owner."""
    with local_target(server.folder) as found:
        yield found


def project(folder: Path, count: int = 2, more: str = "") -> Path:
    """A project whose resource group nobody else has."""
    name = f"rg-{folder.name[-40:].replace('_', '-')}"
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").touch()
    (folder / "__main__.py").write_text(PRELUDE + PROGRAM.replace("NAME", name).replace("COUNT", str(count)) + more)
    return folder


def test_up_again_and_destroy_over_https(server: Server, target: Target, tmp_path: Path) -> None:
    folder = project(tmp_path)
    first = run_up(folder, "dev", target)
    assert first.exit_code == 0
    assert first.summary.counts[Action.CREATE] == 4
    assert first.outputs["group"].startswith(server.subscription)
    heard = Heard()
    second = run_up(folder, "dev", target, heard)
    assert not second.summary.changed
    assert second.outputs == first.outputs
    assert run_destroy(folder, "dev", target).exit_code == 0
    gone = target.port.send("GET", first.outputs["group"], {"api-version": "2024-03-01"})
    assert gone.status == 404


def test_azures_refusal_arrives_with_its_code(target: Target, tmp_path: Path) -> None:
    folder = project(tmp_path, more="identity('lost', 'rg-nowhere')\n")
    result = run_up(folder, "dev", target)
    assert [failure.code for failure in result.summary.failures] == ["ResourceGroupNotFound"]


def test_a_stranger_is_told_what_it_may_not_do(server: Server, tmp_path: Path) -> None:
    with local_target(server.folder, "stranger") as target:
        result = run_up(project(tmp_path), "dev", target)
    assert result.summary.failures[0].code == "AuthorizationFailed"
    assert "does not have authorization to perform action" in result.summary.failures[0].message


def test_a_wrong_secret_is_one_sentence(server: Server) -> None:
    signed = server.variables()
    connections = Connections(server.running.proxy, str(server.folder.ca_certificate))
    tokens = Tokens(connections, signed["AZURE_TENANT_ID"], signed["AZURE_CLIENT_ID"], {"client_secret": "wrong"})
    with pytest.raises(EngineError, match=r"signing in as .* was refused: AADSTS7000215"):
        ArmOverHttps(connections, tokens, "s").send("GET", "/subscriptions", {"api-version": "2022-12-01"})
    connections.close()


def test_nobody_there_is_one_sentence(server: Server) -> None:
    connections = Connections("http://127.0.0.1:9", str(server.folder.ca_certificate))
    with pytest.raises(EngineError, match=r"management\.azure\.com can't be reached through 127\.0\.0\.1:9"):
        connections.send(("management.azure.com", 443), "GET", "/", {})


def azlocal(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The command line in this process: its exit code and what it wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["azlocal", *arguments])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_commands(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, outputs = project(tmp_path), tmp_path / "out" / "outputs.json"
    where = ["--project", str(folder), "--state", str(server.folder.path)]
    code, out, _ = azlocal("up", "dev", *where, "--outputs", str(outputs), capsys=capsys)
    assert code == 0
    assert "+ managedidentity:UserAssignedIdentity one0 created" in out
    assert "dev: 4 created in" in out
    written = json.loads(outputs.read_text())
    assert written["key"] == "[secret]"
    code, out, _ = azlocal("up", "dev", *where, capsys=capsys)
    assert (code, out.splitlines()[0].partition(" in ")[0]) == (0, "dev: 4 unchanged")
    code, out, _ = azlocal("destroy", "dev", "--yes", *where, capsys=capsys)
    assert code == 0
    assert "dev: 4 deleted in" in out


ELSEWHERE = """
from azlocal.entra.principals import OTHER_SUBSCRIPTION_ID
from pulumi_azure_native import Provider, network, resources
import os

def vnet(name, group, prefix, **more):
    return network.VirtualNetwork(name, resource_group_name=group, virtual_network_name=name, location="westeurope",
        address_space={"addressPrefixes": [prefix]}, **more)

def peer(name, group, own, remote, **more):
    network.VirtualNetworkPeering(name, resource_group_name=group, virtual_network_name=own.name,
        virtual_network_peering_name=name, remote_virtual_network={"id": remote.id}, **more)

there = Options(provider=Provider("there", subscription_id=OTHER_SUBSCRIPTION_ID))
theirs = resources.ResourceGroup("theirs", resource_group_name="NAME", location="westeurope", opts=there)
hub = vnet("hub", theirs.name, "10.1.0.0/24", opts=there)
spoke = vnet("spoke", rg.name, "10.2.0.0/24")
peer("to-hub", rg.name, spoke, hub)
peer("from-hub", theirs.name, hub, spoke, opts=there)
pulumi.export("hub", hub.id)
pulumi.export("spoke", spoke.id)
"""


def test_what_lies_in_another_subscription_is_made_there(target: Target, tmp_path: Path) -> None:
    name = f"rg-{tmp_path.name[-40:].replace('_', '-')}"
    result = run_up(project(tmp_path, more=ELSEWHERE.replace("NAME", name)), "dev", target)
    assert result.summary.failures == []
    hub, spoke = result.outputs["hub"], result.outputs["spoke"]
    assert hub.split("/")[2] == OTHER_SUBSCRIPTION_ID
    assert hub.split("/")[4] == spoke.split("/")[4]
    assert spoke.split("/")[2] == SUBSCRIPTION_ID
    for peering in (f"{hub}/virtualNetworkPeerings/from-hub", f"{spoke}/virtualNetworkPeerings/to-hub"):
        found = target.port.send("GET", peering, {"api-version": "2024-05-01"}).body["properties"]
        assert found["peeringState"] == "Connected"
    assert run_destroy(tmp_path, "dev", target).exit_code == 0
    assert target.port.send("GET", hub, {"api-version": "2024-05-01"}).status == 404


def test_lost_data_needs_a_word_on_the_command_line(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path)
    where = ["dev", "--project", str(folder), "--state", str(server.folder.path)]
    assert azlocal("up", *where, capsys=capsys)[0] == 0
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    code, out, _ = azlocal("destroy", *where, capsys=capsys)
    assert code == 1
    assert "would be lost: logs: logs" in out
    program = folder / "__main__.py"
    program.write_text(program.read_text().partition("logs =")[0])
    code, _, err = azlocal("up", *where, capsys=capsys)
    assert code == 1
    assert "operationalinsights:Workspace logs: DataLoss: the program no longer has it, and logs (" in err
    assert "add --accept-data-loss logs" in err
    assert "hint: if all of it is meant: azlocal up dev --accept-data-loss logs" in err
    given = ["--refresh", "--purge-deleted", "--accept-data-loss", "one0"]
    code, _, err = azlocal("up", *where, *given, capsys=capsys)
    assert code == 1
    assert f"azlocal up dev {' '.join(given)} --accept-data-loss logs" in err, "the words given are kept"
    code, out, _ = azlocal("up", *where, "--accept-data-loss", "logs", capsys=capsys)
    assert code == 0, out
    assert "- operationalinsights:Workspace logs deleted" in out
    assert azlocal("destroy", *where, "--yes", capsys=capsys)[0] == 0


def test_a_lost_state_is_said_with_the_ways_out(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project(tmp_path)
    where = ["dev", "--project", str(folder), "--state", str(server.folder.path)]
    assert azlocal("up", *where, capsys=capsys)[0] == 0
    name = (folder / "Pulumi.yaml").read_text().partition("name: ")[2].split()[0]
    kept = server.folder.path / "stacks" / name / "dev.json"
    kept.unlink()
    code, _, err = azlocal("up", *where, capsys=capsys)
    assert code == 1
    assert f"nothing is known of what 'dev' made, though it is there: {kept} is missing" in err
    assert "`azlocal up dev --adopt`" in err
    code, out, _ = azlocal("up", *where, "--adopt", capsys=capsys)
    assert code == 0
    assert "dev: 4 imported in" in out
    assert azlocal("destroy", *where, "--yes", capsys=capsys)[0] == 0


def test_what_is_there_already_is_said_with_who_made_it(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project(tmp_path)
    name = (folder / "Pulumi.yaml").read_text().partition("name: ")[2].split()[0]
    state = ["--state", str(server.folder.path)]
    where = ["dev", "--project", str(folder), *state]
    assert azlocal("up", *where, capsys=capsys)[0] == 0
    other = tmp_path / "other"
    other.mkdir()
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        (other / file).write_text((folder / file).read_text().replace(f"name: {name}", "name: others"))
    code, _, err = azlocal("up", "dev", "--project", str(other), *state, capsys=capsys)
    assert code == 1
    assert f"hint: stack 'dev' of project '{name}' made /subscriptions/" in err
    assert f"as '{name}': one of the two may make it." in err

    program = (folder / "__main__.py").read_text()
    (folder / "__main__.py").write_text(
        program.replace('(f"one{number}", rg.name', '(f"two{number}", rg.name, call=f"one{number}"')
    )
    code, _, err = azlocal("up", *where, capsys=capsys)
    assert code == 1
    assert "hint: this stack made /subscriptions/" in err
    assert "as 'one0': if it is the same resource, give it that name as an alias" in err

    (folder / "__main__.py").write_text(program + "identity('more', rg.name)\n")
    assert azlocal("up", *where, capsys=capsys)[0] == 0
    kept = server.folder.path / "stacks" / name / "dev.json"
    saved = json.loads(kept.read_text())
    saved["resources"] = [one for one in saved["resources"] if one["name"] != "more"]
    kept.write_text(json.dumps(saved))
    (folder / "__main__.py").write_text(program + "identity('more', rg.name)\n\n")
    code, _, err = azlocal("up", *where, capsys=capsys)
    assert code == 1
    assert "hint: no stack of this state folder made it: use another name, or run `azlocal up dev --adopt`" in err
    assert azlocal("up", *where, "--adopt", capsys=capsys)[0] == 0
    assert azlocal("destroy", *where, "--yes", capsys=capsys)[0] == 0


def test_failures_end_with_one_and_a_hint(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project(
        tmp_path, more="bad = identity('bad', 'rg-nowhere')\nidentity('after', rg.name, depends_on=[bad])\n"
    )
    code, out, err = azlocal("up", "dev", "--project", str(folder), "--state", str(server.folder.path), capsys=capsys)
    assert code == 1
    assert "! managedidentity:UserAssignedIdentity bad: create failed: ResourceGroupNotFound" in out
    assert err.startswith("error: managedidentity:UserAssignedIdentity bad: ResourceGroupNotFound")
    assert "1 more was not tried: without these there is no way" in err
    assert "hint: fix what it says and run `azlocal up` again" in err


def test_plan_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project(tmp_path, more="identity('tagged', rg.name, tags=pulumi.Output.secret({'a': 'hunter2'}))\n")
    code, out, _ = azlocal("plan", "dev", "--project", str(folder), "--json", "-", capsys=capsys)
    planned = json.loads(out)
    assert code == 0
    assert planned["problems"] == []
    by_name = {resource["name"]: resource for resource in planned["resources"]}
    identity: dict[str, Any] = by_name["one0"]
    assert identity["armType"] == "Microsoft.ManagedIdentity/userAssignedIdentities"
    assert identity["id"].endswith("/userAssignedIdentities/one0")
    assert identity["apiVersion"] == "2024-11-30" or identity["apiVersion"].startswith("20")
    assert identity["body"] == {"location": "westeurope"}
    assert identity["dependsOn"] == [by_name["rg-" + tmp_path.name[-40:].replace("_", "-")]["urn"]]
    assert "hunter2" not in out
    assert azlocal("plan", "dev", "--project", str(folder), "--json", "-", capsys=capsys)[1].count('"id"') == out.count(
        '"id"'
    )


def test_plan_shows_problems_and_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project(
        tmp_path, more="bad = identity('bad', 'rg-nowhere')\nidentity('after', rg.name, depends_on=[bad])\n"
    )
    file = tmp_path / "plan.json"
    code, out, err = azlocal("plan", "dev", "--project", str(folder), "--json", str(file), capsys=capsys)
    assert code == 1
    assert "+ Microsoft.ManagedIdentity " in out
    assert "! ResourceGroupNotFound" in err
    assert "the plan of dev has 1 problem" in err
    planned = json.loads(file.read_text())
    assert [problem["code"] for problem in planned["problems"]] == ["ResourceGroupNotFound"]
    after = next(resource for resource in planned["resources"] if resource["name"] == "after")
    assert after["body"] == {"location": "westeurope"}


def test_bad_environments_and_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project(tmp_path, more="raise ValueError('broken')\n")
    code, _, err = azlocal("plan", "nowhere", "--project", str(folder), capsys=capsys)
    assert (code, err.splitlines()[0]) == (1, "error: unknown environment 'nowhere'; known are: dev")
    code, _, err = azlocal("plan", "dev", "--project", str(folder), capsys=capsys)
    assert code == 1
    assert "ValueError: broken" in err
    assert "Traceback" not in err
    code, _, err = azlocal("plan", "dev", "--project", str(folder), "--verbose", capsys=capsys)
    assert "Traceback" in err


@pytest.mark.minutes
def test_killed_at_any_moment_the_next_up_completes(server: Server, target: Target, tmp_path: Path) -> None:
    folder = project(tmp_path)
    command = [
        sys.executable, "-m", "azlocal.cli", "up", "dev",
        "--project", str(folder), "--state", str(server.folder.path),
    ]  # fmt: skip
    chance = random.Random(20)  # noqa: S311 -- which moment, not which secret
    for _ in range(20):
        project(tmp_path, count=chance.randrange(2, 14))  # there is always something to make or to delete
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        assert process.stdout is not None
        with process.stdout:
            for _ in range(chance.randrange(0, 6)):
                if not process.stdout.readline():
                    break
            process.send_signal(signal.SIGKILL)
        process.wait()
    result = run_up(folder, "dev", target)
    assert result.summary.failures == []
    assert run_destroy(folder, "dev", target).exit_code == 0
