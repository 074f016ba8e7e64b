"""What jobs and endpoints use: blobs without HTTP in between, access checked by roles, links that are checked again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from azlocal.azure import Azure
from azlocal.entra.principals import DATA_SCIENTIST, OWNER, READER, STRANGER, SUBSCRIPTION_ID
from azlocal.server import build
from azlocal.state import StateFolder
from azlocal.storage.azurite import AzuriteError, find_azurite
from azlocal.storage.errors import StorageError
from azlocal.storage.internal import Blobs
from azlocal.storage.service import Storage
from tests.azlocal.storage.conftest import BLOB_CONTRIBUTOR, BLOB_READER

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stinternal"
ROLES = ((DATA_SCIENTIST, BLOB_CONTRIBUTOR), (READER, BLOB_READER))

Work = Callable[[Azure, Blobs, Storage], Awaitable[None]]


def with_storage(path: Path, work: Work) -> None:
    """Run against an Azure without a gateway: a keyless account with one container and two roles."""

    async def run() -> None:
        folder = StateFolder(path)
        folder.create()
        azure = build(folder, {})
        storage = Storage(azure)
        await storage.start()
        try:
            blobs = Blobs(azure)
            make(azure)
            await blobs.make_container("stinternal", "data")
            await work(azure, blobs, storage)
        finally:
            await storage.stop()
            await azure.stop()
            azure.state.close()

    asyncio.run(run())


def make(azure: Azure) -> None:
    """The account and its roles, through the control plane."""
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    assert azure.control.internal("PUT", GROUP, {"location": "westeurope"}).status == 201
    keyless = body | {"properties": {"allowSharedKeyAccess": False}}
    assert azure.control.internal("PUT", ACCOUNT, keyless).status in {200, 202}
    definitions = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions"
    for number, (principal, role) in enumerate(ROLES):
        name = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-{number:012d}"
        properties = {"roleDefinitionId": f"{definitions}/{role}", "principalId": principal.object_id}
        assert azure.control.internal("PUT", name, {"properties": properties}).status == 201


def test_folders_go_up_and_come_down_the_same(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "deep").mkdir(parents=True)
    (source / "a.txt").write_bytes(b"a")
    (source / "deep" / "ü &.bin").write_bytes(bytes(3 << 20))
    (source / "empty").touch()

    async def work(_azure: Azure, blobs: Blobs, _storage: Storage) -> None:
        names = await blobs.upload("stinternal", "data", "runs/1", source)
        assert names == ["runs/1/a.txt", "runs/1/deep/ü &.bin", "runs/1/empty"]
        await blobs.write("stinternal", "data", "runs/10", b"a neighbour")
        assert sorted(await blobs.download("stinternal", "data", "runs/1", target)) == [
            "a.txt",
            "deep/ü &.bin",
            "empty",
        ]
        assert (target / "deep" / "ü &.bin").read_bytes() == bytes(3 << 20)
        assert await blobs.download("stinternal", "data", "runs/10", target) == ["10"]
        with pytest.raises(StorageError, match="Nothing exists"):
            await blobs.download("stinternal", "data", "runs/2", target)

    with_storage(tmp_path / "state", work)


def test_logs_are_appended_and_blobs_looked_at(tmp_path: Path) -> None:
    async def work(_azure: Azure, blobs: Blobs, _storage: Storage) -> None:
        await blobs.append("stinternal", "data", "log", b"one\n")
        await blobs.append("stinternal", "data", "log", b"two\n")
        assert await blobs.read("stinternal", "data", "log") == b"one\ntwo\n"
        await blobs.write("stinternal", "data", "x", b"123", metadata={"kind": "test"})
        assert [(one.name, one.size, one.metadata) for one in await blobs.list("stinternal", "data")] == [
            ("log", 8, {}),
            ("x", 3, {"kind": "test"}),
        ]
        assert await blobs.exists("stinternal", "data", "x")
        await blobs.delete("stinternal", "data", "x")
        assert not await blobs.exists("stinternal", "data", "x")
        with pytest.raises(StorageError, match="container") as refused:
            await blobs.append("stinternal", "nowhere", "log", b"x")
        assert refused.value.code == "ContainerNotFound"

    with_storage(tmp_path / "state", work)


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    async def work(_azure: Azure, blobs: Blobs, _storage: Storage) -> None:
        await blobs.write("stinternal", "data", "p/../../outside", b"x")
        with pytest.raises(StorageError, match="leads out of the folder"):
            await blobs.download("stinternal", "data", "p", tmp_path / "target")

    with_storage(tmp_path / "state", work)


def test_access_is_that_of_the_identity(tmp_path: Path) -> None:
    async def work(_azure: Azure, blobs: Blobs, _storage: Storage) -> None:
        blobs.authorize(DATA_SCIENTIST, "stinternal", "data", "write")
        blobs.authorize(READER, "stinternal", "data", "read")
        for principal, action in ((READER, "write"), (STRANGER, "read"), (OWNER, "read")):
            with pytest.raises(StorageError) as refused:
                blobs.authorize(principal, "stinternal", "data", action)  # type: ignore[arg-type]
            assert (refused.value.status, refused.value.code) == (403, "AuthorizationPermissionMismatch")

    with_storage(tmp_path / "state", work)


def test_a_link_is_what_its_principal_may(tmp_path: Path) -> None:
    async def work(_azure: Azure, blobs: Blobs, storage: Storage) -> None:
        put = {"x-ms-blob-type": "BlockBlob"}
        mine = blobs.sas_url(DATA_SCIENTIST, "stinternal", "data", "", permissions="rcwl", hours=1)
        theirs = blobs.sas_url(READER, "stinternal", "data", "a", permissions="rw", hours=1)
        over = blobs.sas_url(DATA_SCIENTIST, "stinternal", "data", "a", permissions="r", hours=-1)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(storage)) as client:
            path, _, query = mine.partition("?")
            assert (await client.put(f"{path}/a?{query}", content=b"1", headers=put)).status_code == 201
            assert (await client.get(theirs)).content == b"1"
            assert (await client.put(theirs, content=b"2", headers=put)).status_code == 403
            assert (await client.get(over)).headers["x-ms-error-code"] == "AuthenticationFailed"

    with_storage(tmp_path / "state", work)


def test_a_missing_azurite_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZLOCAL_AZURITE", str(tmp_path / "nowhere"))
    with pytest.raises(AzuriteError, match="Azurite is not installed") as missing:
        find_azurite()
    assert "AZLOCAL_AZURITE" in str(missing.value.hint)

    async def work(_azure: Azure, _blobs: Blobs, _storage: Storage) -> None:
        raise AssertionError("not reached")

    with pytest.raises(StorageError, match="Azurite is not installed") as refused:
        with_storage(tmp_path / "state", work)
    assert refused.value.status == 503
