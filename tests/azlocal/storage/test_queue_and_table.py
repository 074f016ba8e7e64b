"""Queues and tables on the wire: their clients are no dependency of this project."""

from __future__ import annotations

import httpx

from tests.azlocal.storage.conftest import QUEUE_CONTRIBUTOR, TABLE_CONTRIBUTOR, Estate

MESSAGE = "<QueueMessage><MessageText>aGVsbG8=</MessageText></QueueMessage>"
JSON = {"content-type": "application/json", "accept": "application/json;odata=nometadata"}


def test_a_queue_passes_messages_to_who_may(estate: Estate) -> None:
    account = estate.account()
    estate.assign("data-scientist", QUEUE_CONTRIBUTOR, estate.scope(account))
    url = f"https://{account}.queue.core.windows.net/work"
    mine, theirs = estate.token("data-scientist"), estate.token("stranger")
    assert httpx.put(url, headers=mine).status_code == 201
    assert httpx.post(f"{url}/messages", headers=mine, content=MESSAGE).status_code == 201
    assert "aGVsbG8=" in httpx.get(f"{url}/messages?peekonly=true", headers=mine).text
    assert "aGVsbG8=" in httpx.get(f"{url}/messages", headers=mine).text
    refused = httpx.post(f"{url}/messages", headers=theirs, content=MESSAGE)
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (403, "AuthorizationPermissionMismatch")
    assert [one.name for one in estate.storage.queue.list(estate.group, account)] == ["work"]


def test_a_table_keeps_entities_for_who_may(estate: Estate) -> None:
    account = estate.account()
    estate.assign("data-scientist", TABLE_CONTRIBUTOR, estate.scope(account))
    url = f"https://{account}.table.core.windows.net"
    mine, theirs = estate.token("data-scientist") | JSON, estate.token("stranger") | JSON
    assert httpx.post(f"{url}/Tables", headers=mine, json={"TableName": "Flights"}).status_code == 201
    entity = {"PartitionKey": "p", "RowKey": "r", "journal": "kept"}
    assert httpx.post(f"{url}/Flights", headers=mine, json=entity).status_code == 201
    found = httpx.get(f"{url}/Flights(PartitionKey='p',RowKey='r')", headers=mine)
    assert found.json()["journal"] == "kept"
    refused = httpx.get(f"{url}/Flights()", headers=theirs)
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (403, "AuthorizationPermissionMismatch")
    assert [one.name for one in estate.storage.table.list(estate.group, account)] == ["Flights"]
    assert httpx.delete(f"{url}/Tables('Flights')", headers=mine).status_code == 204
    assert list(estate.storage.table.list(estate.group, account)) == []


def test_an_account_made_again_has_no_queues_and_no_tables(estate: Estate) -> None:
    account = estate.account()
    queue, table = (f"https://{account}.{service}.core.windows.net" for service in ("queue", "table"))
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}

    def headers() -> dict[str, str]:
        for role in (QUEUE_CONTRIBUTOR, TABLE_CONTRIBUTOR):
            estate.assign("data-scientist", role, estate.scope(account))
        return estate.token("data-scientist")

    mine = headers()
    for name in ("one", "two"):
        made = httpx.put(f"{queue}/{name}x", headers=mine)
        assert made.status_code == 201
        assert httpx.post(f"{table}/Tables", headers=mine | JSON, json={"TableName": f"{name}x"}).status_code == 201
    entity = {"PartitionKey": "p", "RowKey": "r"}
    assert httpx.post(f"{table}/onex", headers=mine | JSON, json=entity).status_code == 201
    assert httpx.post(f"{queue}/onex/messages", headers=mine, content=MESSAGE).status_code == 201
    estate.storage.storage_accounts.delete(estate.group, account)
    estate.storage.storage_accounts.begin_create(estate.group, account, body).result()
    mine = headers()
    assert "<Name>" not in httpx.get(f"{queue}/?comp=list", headers=mine).text
    assert httpx.get(f"{table}/Tables", headers=mine | JSON).json()["value"] == []
    assert httpx.get(f"{queue}/onex/messages?peekonly=true", headers=mine).status_code == 404
    assert httpx.get(f"{table}/onex()", headers=mine | JSON).status_code == 404
    estate.storage.table.create(estate.group, account, "Made")
    estate.storage.table.delete(estate.group, account, "Made")
    assert httpx.get(f"{table}/Tables", headers=mine | JSON).json()["value"] == []
