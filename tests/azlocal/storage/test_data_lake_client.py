"""azure-storage-file-datalake, unmodified, and what hadoop-azure asks first."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.filedatalake import FileSystemClient, generate_directory_sas, generate_file_sas

from tests.azlocal.storage.conftest import BLOB_CONTRIBUTOR, BLOB_OWNER, BLOB_READER, Estate


@pytest.fixture
def lake(estate: Estate) -> str:
    """A keyless hierarchical account where the data scientist owns the data."""
    name = estate.account(isHnsEnabled=True, allowSharedKeyAccess=False)
    estate.assign("data-scientist", BLOB_OWNER, estate.scope(name))
    estate.assign("reader", BLOB_READER, estate.scope(name))
    return name


@pytest.fixture
def raw(estate: Estate, lake: str) -> FileSystemClient:
    return estate.lake(lake, "data-scientist").create_file_system("raw")


def names(system: FileSystemClient, path: str | None = None, *, recursive: bool = True) -> list[str]:
    found = system.get_paths(path, recursive=recursive)
    return [f"{one.name}/" if one.is_directory else str(one.name) for one in found]


def test_append_and_flush(raw: FileSystemClient) -> None:
    file = raw.create_file("a/b/file.txt", metadata={"origin": "test"})
    file.append_data(b"12345", 0)
    file.append_data(b"678", 5)
    assert file.get_file_properties().size == 0, "nothing is there before the flush"
    file.flush_data(8)
    file.append_data(b"9", 8, flush=True)
    assert file.download_file().readall() == b"123456789"
    assert file.download_file(offset=2, length=3).readall() == b"345"
    assert file.get_file_properties().metadata == {"origin": "test"}


def test_a_gap_cannot_be_flushed(raw: FileSystemClient) -> None:
    file = raw.create_file("gap")
    file.append_data(b"late", 4)
    with pytest.raises(HttpResponseError, match="InvalidFlushPosition"):
        file.flush_data(8)


def test_a_file_written_as_a_blob_can_be_appended_to(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    estate.blobs(lake, "data-scientist").get_blob_client("raw", "log").upload_blob(b"abc")
    file = raw.get_file_client("log")
    file.append_data(b"def", 3)
    file.flush_data(6)
    assert file.download_file().readall() == b"abcdef"


def test_listing_shows_directories_made_and_implied(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    raw.create_directory("made/empty")
    estate.blobs(lake, "data-scientist").get_blob_client("raw", "a/b/file").upload_blob(b"1")
    estate.blobs(lake, "data-scientist").get_blob_client("raw", "a-file").upload_blob(b"1")
    assert names(raw) == ["a/", "a-file", "a/b/", "a/b/file", "made/", "made/empty/"]
    assert names(raw, recursive=False) == ["a/", "a-file", "made/"]
    assert names(raw, "a") == ["a/b/", "a/b/file"]
    pages = [[one.name for one in page] for page in raw.get_paths(max_results=4).by_page()]
    assert pages == [["a", "a-file", "a/b", "a/b/file"], ["made", "made/empty"]]
    with pytest.raises(ResourceNotFoundError, match="PathNotFound"):
        names(raw, "nowhere")


def test_a_directory_exists_for_the_blob_endpoint_too(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    raw.get_file_client("x/y/file").upload_data(b"1", overwrite=True)
    assert raw.get_directory_client("x/y").exists()
    assert not raw.get_directory_client("x/z").exists()
    blob = estate.blobs(lake, "data-scientist").get_blob_client("raw", "x/y")
    assert blob.get_blob_properties().metadata == {"hdi_isfolder": "true"}


def test_rename_moves_files_and_whole_directories(raw: FileSystemClient) -> None:
    raw.get_file_client("old/a").upload_data(b"1", overwrite=True)
    raw.get_file_client("old/deep/b").upload_data(b"2", overwrite=True)
    raw.get_file_client("old/a").rename_file("raw/old/ä b")
    raw.get_directory_client("old").rename_directory("raw/new")
    assert names(raw) == ["new/", "new/deep/", "new/deep/b", "new/ä b"]
    with pytest.raises(ResourceNotFoundError):
        raw.get_file_client("nothing").rename_file("raw/something")


def test_a_directory_with_content_goes_only_recursively(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    raw.get_file_client("dir/file").upload_data(b"1", overwrite=True)
    url = f"https://{lake}.dfs.core.windows.net/raw/dir"
    refused = httpx.delete(url, params={"recursive": "false"}, headers=estate.token("data-scientist"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "DirectoryNotEmpty")
    raw.delete_file("dir/file")
    assert names(raw) == ["dir/"], "a directory outlives its content"
    raw.delete_directory("dir")
    assert names(raw) == []


def test_hadoop_asks_for_access_control_first(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    url = f"https://{lake}.dfs.core.windows.net/raw/"
    answer = httpx.head(url, params={"action": "getAccessControl"}, headers=estate.token("data-scientist"))
    assert answer.status_code == 200
    assert answer.headers["x-ms-acl"] == "user::rwx,group::r-x,other::---"
    file = raw.create_file("file")
    file.set_access_control(permissions="0640")
    assert file.get_access_control()["permissions"] == "rw-r-----"
    with pytest.raises(HttpResponseError, match="needs entries for group:, other:"):
        file.set_access_control(acl="user::rwx")


GROUP_ID = "11111111-0000-4000-8000-000000000002"


def test_access_control_lists_are_kept(raw: FileSystemClient) -> None:
    folder = raw.create_directory("folder")
    folder.set_access_control(acl=f"user::rwx,group::r-x,other::---,group:{GROUP_ID}:rwx")
    found = folder.get_access_control()
    assert found["acl"] == f"user::rwx,group::r-x,group:{GROUP_ID}:rwx,mask::rwx,other::---"
    assert found["permissions"] == "rwxrwx---+"
    with pytest.raises(HttpResponseError, match="is no entry"):
        folder.set_access_control(acl="user::rwx,group::r-x,other::---,group:x:all")
    folder.set_access_control(permissions="0700")
    assert f"group:{GROUP_ID}:rwx,mask::---" in folder.get_access_control()["acl"]


def test_access_control_lists_change_all_the_way_down(raw: FileSystemClient) -> None:
    raw.get_file_client("dir/file").upload_data(b"1", overwrite=True)
    root = raw.get_directory_client("/")
    entries = f"group:{GROUP_ID}:r-x,default:group:{GROUP_ID}:r-x"
    done = root.update_access_control_recursive(acl=entries)
    assert done.counters is not None
    assert (done.counters.directories_successful, done.counters.files_successful) == (2, 1)
    assert f"default:group:{GROUP_ID}:r-x" in root.get_access_control()["acl"]
    assert "default:user::rwx" in root.get_access_control()["acl"]
    inside = raw.get_file_client("dir/file").get_access_control()["acl"]
    assert f"group:{GROUP_ID}:r-x" in inside
    assert "default:" not in inside
    root.remove_access_control_recursive(acl=f"group:{GROUP_ID},default:group:{GROUP_ID}")
    assert GROUP_ID not in root.get_access_control()["acl"]
    assert raw.get_file_client("dir/file").get_access_control()["acl"] == "user::rwx,group::r-x,other::---"


def test_file_systems_are_containers(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    listed = httpx.get(
        f"https://{lake}.dfs.core.windows.net/", params={"resource": "account"}, headers=estate.token("data-scientist")
    )
    assert [one["name"] for one in listed.json()["filesystems"]] == ["raw"]
    assert [one.name for one in estate.storage.blob_containers.list(estate.group, lake)] == ["raw"]
    made = httpx.put(
        f"https://{lake}.dfs.core.windows.net/curated",
        params={"resource": "filesystem"},
        headers=estate.token("data-scientist"),
    )
    assert (made.status_code, made.headers["x-ms-namespace-enabled"]) == (201, "true")
    assert [one.name for one in estate.storage.blob_containers.list(estate.group, lake)] == ["curated", "raw"]


def test_the_reader_reads_and_the_stranger_does_not(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    raw.get_file_client("file").upload_data(b"1", overwrite=True)
    system = estate.lake(lake, "reader").get_file_system_client("raw")
    assert names(system) == ["file"]
    assert system.get_file_client("file").download_file().readall() == b"1"
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        system.create_file("mine")
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        names(estate.lake(lake, "stranger").get_file_system_client("raw"))


def test_a_contributor_may_not_change_permissions(estate: Estate) -> None:
    account = estate.account(isHnsEnabled=True)
    estate.assign("data-scientist", BLOB_CONTRIBUTOR, estate.scope(account))
    file = estate.lake(account, "data-scientist").create_file_system("data").create_file("file")
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        file.set_access_control(permissions="0777")


def test_account_keys_and_their_signatures(estate: Estate) -> None:
    account = estate.account(isHnsEnabled=True)
    key = estate.keys(account)[1]
    system = estate.lake(account, key).create_file_system("data")
    system.get_file_client("dir/file").upload_data(b"1", overwrite=True)
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    one = generate_file_sas(account, "data", "dir", "file", key, permission="r", expiry=until)
    below = generate_directory_sas(account, "data", "dir", key, permission="r", expiry=until)
    url = f"https://{account}.dfs.core.windows.net/data/dir/file"
    assert httpx.get(f"{url}?{one}").content == httpx.get(f"{url}?{below}").content == b"1"
    assert httpx.delete(f"{url}?{one}").json()["error"]["code"] == "AuthorizationPermissionMismatch"
    with pytest.raises(HttpResponseError, match="AuthenticationFailed"):
        names(estate.lake(account, "bm90IHRoZSBrZXk=").get_file_system_client("data"))
    off = estate.account(isHnsEnabled=True, allowSharedKeyAccess=False)
    with pytest.raises(HttpResponseError, match="KeyBasedAuthenticationNotPermitted"):
        names(estate.lake(off, estate.keys(off)[0]).get_file_system_client("data"))


def test_what_is_not_served_says_so(estate: Estate, lake: str, raw: FileSystemClient) -> None:
    raw.create_directory("dir")
    headers = {**estate.token("data-scientist"), "x-ms-lease-action": "acquire"}
    refused = httpx.post(f"https://{lake}.dfs.core.windows.net/raw/dir", headers=headers)
    assert refused.status_code == 501
    assert "dfs POST on a path" in refused.json()["error"]["message"]
