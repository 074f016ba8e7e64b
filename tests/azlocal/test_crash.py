"""kill -9 at random moments, twenty times each of an ``up``, an upload and a job: nothing acknowledged is lost.

"Random" is seeded per test run by pytest-randomly, so that a failure can be had again. The victim is killed when
a chosen number of requests has been answered: an event, not a moment on a clock.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient

from azlocal import environment, lifecycle
from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID
from azlocal.state import StateFolder
from tests.azlocal.conftest import acting

KILLS = 20
pytestmark = [pytest.mark.minutes, pytest.mark.timeout(400)]


class Victim:
    """A server of its own that can be killed and started again on the same state."""

    def __init__(self, folder: StateFolder) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.server, _ = lifecycle.start(self.folder, 0)

    def kill(self) -> None:
        """End it as the kernel would, and wait until it is gone."""
        process = psutil.Process(self.server.pid)
        os.kill(self.server.pid, signal.SIGKILL)
        psutil.wait_procs([process], timeout=30)

    def variables(self, principal: str = "owner") -> dict[str, str]:
        return environment.variables(self.folder, self.server, principal)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    one = Victim(StateFolder(tmp_path / "state"))
    yield one
    lifecycle.stop(one.folder)


PROGRAM = """
import os
from pulumi_azure_native import managedidentity, network, resources

group = resources.ResourceGroup("group", resource_group_name="rg-crash", location="westeurope")
for index in range(14):
    security = network.NetworkSecurityGroup(
        f"nsg-{index}", network_security_group_name=f"nsg-{index}", resource_group_name=group.name,
        location="westeurope", tags={"round": os.environ["ROUND"]})
    space = network.VirtualNetwork(
        f"vnet-{index}", virtual_network_name=f"vnet-{index}", resource_group_name=group.name, location="westeurope",
        address_space={"address_prefixes": [f"10.{index}.0.0/16"]})
    network.Subnet(
        f"snet-{index}", subnet_name="snet-one", virtual_network_name=space.name, resource_group_name=group.name,
        address_prefix=f"10.{index}.1.0/24", network_security_group={"id": security.id})
    managedidentity.UserAssignedIdentity(
        f"id-{index}", resource_name_=f"id-{index}", resource_group_name=group.name, location="westeurope")
"""


def project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: crash\nruntime: python\n")
    (folder / "Pulumi.one.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text(PROGRAM)
    return folder


def up(victim: Victim, where: Path, number: int) -> subprocess.Popen[str]:
    """One ``up``; the round's number is a tag, so that each has something to change."""
    return subprocess.Popen(
        [sys.executable, "-m", "azlocal.cli", "up", "one", "--project", str(where), "--state", str(victim.folder.path)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "ROUND": str(number)},
    )  # fmt: skip


def kill_after_lines(victim: Victim, process: subprocess.Popen[str], lines: int) -> str:
    """Let ``up`` report some progress, kill the server, and hear ``up`` to its end."""
    seen: list[str] = []
    for line in process.stdout or []:
        seen.append(line)
        if len(seen) == lines:
            victim.kill()
    process.wait(120)
    if process.stdout:
        process.stdout.close()
    return "".join(seen)


def test_up_is_killed_and_completes(victim: Victim, tmp_path: Path) -> None:
    where = project(tmp_path / "program")
    acknowledged: set[str] = set()
    interrupted = 0
    for number in range(KILLS):
        process = up(victim, where, number)
        output = kill_after_lines(victim, process, random.randint(1, 8))  # noqa: S311
        assert "Traceback" not in output
        interrupted += process.returncode != 0
        if lifecycle.running(victim.folder) is None:
            victim.start()
        with acting(victim.variables()):
            client = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID)
            groups = {group.name for group in client.resource_groups.list()}
            held = {item.id for item in client.resources.list_by_resource_group("rg-crash")} if groups else set()
        assert acknowledged <= held, "an acknowledged resource is lost"
        acknowledged = {str(one) for one in held}
    assert interrupted >= KILLS // 2, "the kills came too late to interrupt anything"
    process = up(victim, where, KILLS)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    again, _ = (process := up(victim, where, KILLS)).communicate(timeout=120)
    assert process.returncode == 0
    assert "57 unchanged" in again or "57 same" in again, again


@pytest.fixture
def account(victim: Victim) -> str:
    """A storage account whose blobs the owner may write."""
    name = f"st{uuid.uuid4().hex[:16]}"
    with acting(victim.variables()):
        credential = DefaultAzureCredential()
        ResourceManagementClient(credential, SUBSCRIPTION_ID).resource_groups.create_or_update(
            "rg-crash", {"location": "westeurope"}
        )
        made = StorageManagementClient(credential, SUBSCRIPTION_ID).storage_accounts.begin_create(
            "rg-crash", name, {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        )
        scope = str(made.result().id)
        role = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
        AuthorizationManagementClient(credential, SUBSCRIPTION_ID).role_assignments.create(
            scope,
            str(uuid.uuid4()),
            {
                "properties": {
                    "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                    "principalId": OWNER.object_id,
                    "principalType": "ServicePrincipal",
                }
            },
        )
    return name


def blobs(account: str) -> BlobServiceClient:
    return BlobServiceClient(
        f"https://{account}.blob.core.windows.net", DefaultAzureCredential(), retry_total=0, connection_timeout=5
    )


def upload_until_dead(account: str, prefix: str, enough: int, kill: Callable[[], None]) -> dict[str, bytes]:
    """Upload blob after blob from two threads; the server dies after ``enough``. Answers what was acknowledged."""
    done: dict[str, bytes] = {}
    died = threading.Event()

    def work(worker: int) -> None:
        with blobs(account) as service, service.get_container_client("data") as container:
            number = 0
            while not died.is_set():
                name, content = f"{prefix}/{worker}/{number}", os.urandom(2048) * random.randint(1, 8)  # noqa: S311
                try:
                    container.upload_blob(name, content)
                except AzureError:
                    return
                done[name] = content
                number += 1
                if len(done) >= enough and not died.is_set():
                    died.set()
                    kill()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return done


def test_uploads_survive(victim: Victim, account: str) -> None:
    with acting(victim.variables()), blobs(account) as service:
        service.create_container("data").close()
    for kill in range(KILLS):
        with acting(victim.variables()):
            done = upload_until_dead(account, str(kill), random.randint(1, 20), victim.kill)  # noqa: S311
        victim.start()
        with acting(victim.variables()), blobs(account) as service, service.get_container_client("data") as container:
            for name, content in done.items():
                assert container.download_blob(name).readall() == content, f"{name} is lost or broken"
