"""azure-storage-blob, unmodified: content, keys, signatures, roles and what ARM says about the same containers."""

from __future__ import annotations

import datetime as dt
import os

import httpx
import psutil
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    ContainerClient,
    ResourceTypes,
    UserDelegationKey,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.azlocal.storage.conftest import BLOB_CONTRIBUTOR, BLOB_READER, Estate


def soon(hours: float = 1) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)


@pytest.fixture
def account(estate: Estate) -> str:
    """An account where the data scientist writes and the reader reads."""
    name = estate.account()
    estate.assign("data-scientist", BLOB_CONTRIBUTOR, estate.scope(name))
    estate.assign("reader", BLOB_READER, estate.scope(name))
    return name


def test_content_metadata_listing_and_deletion(estate: Estate, account: str) -> None:
    container = estate.blobs(account, "data-scientist").create_container("data")
    blob = container.get_blob_client("folder/ä b&c%20.txt")
    blob.upload_blob(b"first", metadata={"kind": "test"})
    blob.set_blob_metadata({"upload_status": "completed"})
    assert blob.download_blob().readall() == b"first"
    assert blob.download_blob(offset=1, length=3).readall() == b"irs"
    assert blob.get_blob_properties().metadata == {"upload_status": "completed"}
    assert [one.name for one in container.list_blobs(name_starts_with="folder/")] == ["folder/ä b&c%20.txt"]
    blob.delete_blob()
    with pytest.raises(ResourceNotFoundError, match="BlobNotFound"):
        blob.download_blob()


def test_a_large_blob_goes_through_in_blocks(estate: Estate, account: str) -> None:
    container = estate.blobs(account, "data-scientist").create_container("large")
    content = os.urandom(70 << 20)
    container.upload_blob("big", content)
    assert container.download_blob("big").readall() == content


def test_a_copy_needs_its_source_to_be_readable(estate: Estate, account: str) -> None:
    service = estate.blobs(account, "data-scientist")
    service.create_container("data").upload_blob("one", b"1")
    service.get_blob_client("data", "two").start_copy_from_url(service.get_blob_client("data", "one").url)
    assert service.get_blob_client("data", "two").download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as refused:
        service.get_blob_client("data", "x").start_copy_from_url("https://elsewhere.blob.core.windows.net/data/one")
    assert refused.value.status_code == 501


def test_containers_are_the_same_thing_in_arm(estate: Estate, account: str) -> None:
    service = estate.blobs(account, "data-scientist")
    service.create_container("by-data-plane")
    estate.storage.blob_containers.create(estate.group, account, "by-arm", {})
    assert [one.name for one in service.list_containers()] == ["by-arm", "by-data-plane"]
    listed = [one.name for one in estate.storage.blob_containers.list(estate.group, account)]
    assert listed == ["by-arm", "by-data-plane"]
    service.delete_container("by-data-plane")
    assert [one.name for one in estate.storage.blob_containers.list(estate.group, account)] == ["by-arm"]


def test_the_reader_lists_and_does_not_write(estate: Estate, account: str) -> None:
    estate.blobs(account, "data-scientist").create_container("data").upload_blob("one", b"1")
    container = estate.blobs(account, "reader").get_container_client("data")
    assert [one.name for one in container.list_blobs()] == ["one"]
    assert container.download_blob("one").readall() == b"1"
    for refused in (lambda: container.upload_blob("two", b"2"), lambda: container.delete_blob("one")):
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch") as error:
            refused()
        assert error.value.status_code == 403


@pytest.mark.parametrize("who", ["stranger", "owner"])
def test_without_a_data_role_nothing_is_read(estate: Estate, account: str, who: str) -> None:
    estate.blobs(account, "data-scientist").create_container("data").upload_blob("one", b"1")
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch") as error:
        estate.blobs(account, who).get_blob_client("data", "one").download_blob()
    assert error.value.status_code == 403


def test_a_role_on_one_container_ends_there(estate: Estate) -> None:
    account = estate.account()
    for name in ("mine", "yours"):
        estate.storage.blob_containers.create(estate.group, account, name, {})
    estate.assign("stranger", BLOB_CONTRIBUTOR, estate.scope(account, "mine"))
    service = estate.blobs(account, "stranger")
    service.get_blob_client("mine", "a").upload_blob(b"1")
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        service.get_blob_client("yours", "a").upload_blob(b"1")


def test_both_keys_work_and_no_other(estate: Estate, account: str) -> None:
    estate.blobs(account, "data-scientist").create_container("data").upload_blob("one", b"1")
    for key in estate.keys(account):
        assert estate.blobs(account, key).get_blob_client("data", "one").download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError, match="AuthenticationFailed") as error:
        estate.blobs(account, "bm90IHRoZSBrZXk=").get_blob_client("data", "one").download_blob()
    assert error.value.status_code == 403


def test_a_regenerated_key_replaces_the_old_one(estate: Estate, account: str) -> None:
    estate.blobs(account, "data-scientist").create_container("data").upload_blob("one", b"1")
    old = estate.keys(account)[0]
    estate.storage.storage_accounts.regenerate_key(estate.group, account, {"keyName": "key1"})
    assert estate.blobs(account, estate.keys(account)[0]).get_blob_client("data", "one").exists()
    with pytest.raises(HttpResponseError, match="AuthenticationFailed"):
        estate.blobs(account, old).get_blob_client("data", "one").download_blob()


def test_shared_keys_off_means_off(estate: Estate) -> None:
    account = estate.account(allowSharedKeyAccess=False)
    estate.assign("data-scientist", BLOB_CONTRIBUTOR, estate.scope(account))
    estate.blobs(account, "data-scientist").create_container("data").upload_blob("one", b"1")
    key = estate.keys(account)[0]
    signature = generate_blob_sas(account, "data", "one", account_key=key, permission="r", expiry=soon())
    for credential in (key, signature):
        with pytest.raises(HttpResponseError, match="KeyBasedAuthenticationNotPermitted") as error:
            estate.blobs(account, credential).get_blob_client("data", "one").download_blob()
        assert error.value.status_code == 403


def test_signatures_cover_what_they_say_until_they_end(estate: Estate, account: str) -> None:
    estate.blobs(account, "data-scientist").create_container("data").upload_blob("one", b"1")
    key = estate.keys(account)[0]

    def signed(permission: str, expiry: dt.datetime) -> BlobClient:
        token = generate_blob_sas(account, "data", "one", account_key=key, permission=permission, expiry=expiry)
        return estate.blobs(account, token).get_blob_client("data", "one")

    assert signed("r", soon()).download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as refused:
        signed("r", soon()).upload_blob(b"2", overwrite=True)
    assert refused.value.status_code == 403
    with pytest.raises(HttpResponseError) as over:
        signed("r", soon(-1)).download_blob()
    assert over.value.status_code == 403
    everything = ResourceTypes(service=True, container=True, object=True)
    reading = AccountSasPermissions(read=True, list=True)
    for_account = generate_account_sas(account, key, everything, reading, soon())
    assert [one.name for one in estate.blobs(account, for_account).list_containers()] == ["data"]


def delegate(estate: Estate, account: str, who: str) -> UserDelegationKey:
    return estate.blobs(account, who).get_user_delegation_key(soon(-0.1), soon())


def test_a_delegated_signature_speaks_for_its_principal(estate: Estate) -> None:
    account = estate.account(allowSharedKeyAccess=False)
    estate.assign("data-scientist", BLOB_CONTRIBUTOR, estate.scope(account))
    estate.assign("reader", BLOB_READER, estate.scope(account))
    estate.blobs(account, "data-scientist").create_container("data").upload_blob("one", b"1")
    url = f"https://{account}.blob.core.windows.net/data"
    strong, weak = delegate(estate, account, "data-scientist"), delegate(estate, account, "reader")

    def container(key: UserDelegationKey, permission: str) -> ContainerClient:
        token = generate_container_sas(account, "data", user_delegation_key=key, permission=permission, expiry=soon())
        return ContainerClient.from_container_url(f"{url}?{token}", retry_total=0)

    with container(strong, "rcwl") as full:
        full.upload_blob("two", b"2")
        assert [one.name for one in full.list_blobs()] == ["one", "two"]
    with container(strong, "r") as narrow:
        assert narrow.download_blob("one").readall() == b"1"
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            narrow.upload_blob("three", b"3")
    with container(weak, "rcwl") as too_much, pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        too_much.upload_blob("three", b"3")


@pytest.mark.parametrize("change", ["expired", "forged", "other blob"])
def test_a_delegated_signature_that_does_not_fit_is_refused(estate: Estate, account: str, change: str) -> None:
    container = estate.blobs(account, "data-scientist").create_container("data")
    container.upload_blob("one", b"1")
    container.upload_blob("two", b"2")
    key = delegate(estate, account, "data-scientist")
    if change == "forged":
        key.signed_oid = "22222222-0000-4000-8000-000000000003"
    expiry = soon(-0.05) if change == "expired" else soon()
    token = generate_blob_sas(account, "data", "one", user_delegation_key=key, permission="r", expiry=expiry)
    name = "two" if change == "other blob" else "one"
    answer = httpx.get(f"https://{account}.blob.core.windows.net/data/{name}?{token}")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")


def test_without_credentials_there_is_a_challenge(estate: Estate, account: str) -> None:
    url = f"https://{account}.blob.core.windows.net/data/one"
    answer = httpx.get(url, headers={"x-ms-version": "2021-12-02"})
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (401, "NoAuthenticationInformation")
    assert "resource_id=https://storage.azure.com" in answer.headers["www-authenticate"]
    old = httpx.get(url)
    assert (old.status_code, old.headers["x-ms-error-code"]) == (409, "PublicAccessNotPermitted")


@pytest.mark.parametrize("token", ["eyJhbGciOiJub25lIn0.e30.", "not a token", "management"])
def test_a_foreign_or_wrong_token_is_401(estate: Estate, account: str, token: str) -> None:
    if token == "management":
        token = estate.credential("data-scientist").get_token("https://management.azure.com/.default").token
    headers = {"authorization": f"Bearer {token}", "x-ms-version": "2021-12-02"}
    answer = httpx.get(f"https://{account}.blob.core.windows.net/data/one", headers=headers)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_an_unknown_account_is_named(estate: Estate) -> None:
    answer = httpx.get("https://nobodymadethis.blob.core.windows.net/data/one", headers=estate.token("owner"))
    assert answer.status_code == 404
    assert "nobodymadethis" in answer.text


def test_a_deleted_account_leaves_nothing_for_its_successor(estate: Estate, account: str) -> None:
    estate.blobs(account, estate.keys(account)[0]).create_container("data").upload_blob("one", b"1")
    estate.storage.storage_accounts.delete(estate.group, account)
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    estate.storage.storage_accounts.begin_create(estate.group, account, body).result()
    assert list(estate.blobs(account, estate.keys(account)[0]).list_containers()) == []


def test_azurite_comes_back_with_everything_acknowledged(estate: Estate, account: str) -> None:
    container = estate.blobs(account, "data-scientist").create_container("data")
    for number in range(20):
        container.upload_blob(f"blob-{number:02d}", str(number).encode())
    container.delete_blob("blob-00")
    azurite = estate.azurite()
    azurite.kill()
    psutil.wait_procs([azurite], timeout=30)
    assert [one.name for one in container.list_blobs()] == [f"blob-{number:02d}" for number in range(1, 20)]
    assert container.download_blob("blob-19").readall() == b"19"
    assert estate.azurite().pid != azurite.pid
