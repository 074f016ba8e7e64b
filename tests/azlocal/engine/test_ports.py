"""Long-running operations, as ARM's clients follow them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from azlocal.engine.errors import ArmCallError
from azlocal.engine.ports import Identity, Reply, call, retry_after

OPERATION = "https://management.azure.com/subscriptions/s/operations/1?api-version=2"
RESULT = "https://management.azure.com/subscriptions/s/results/1?api-version=2"


class Script:
    """Answers one request after the other, and keeps what was asked."""

    identity = Identity("s", "t", "c", "o")

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []
        self.pauses: list[float] = []

    def send(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Reply:
        self.asked.append(f"{method} {path}?{query['api-version']}")
        return self.replies.pop(0)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def status(state: str, **more: Any) -> Reply:
    return Reply(200, {"status": state, **more}, {"x-ms-retry-after-ms": "50"})


def test_a_put_follows_the_operation_and_reads_the_resource() -> None:
    script = Script(
        Reply(201, {}, {"azure-asyncoperation": OPERATION, "x-ms-retry-after-ms": "50"}),
        status("InProgress"),
        status("Succeeded"),
        Reply(200, {"name": "done"}),
    )
    assert call(script, "PUT", "/r", "1", {}).body == {"name": "done"}
    assert script.asked == [
        "PUT /r?1",
        "GET /subscriptions/s/operations/1?2",
        "GET /subscriptions/s/operations/1?2",
        "GET /r?1",
    ]
    assert script.pauses == [0.05, 0.05]


def test_a_failed_operation_is_azures_error() -> None:
    error = {
        "code": "Conflict",
        "message": "no",
        "details": [{"code": "X", "message": "because"}, {"code": "X", "message": "no"}],
    }
    script = Script(Reply(202, None, {"azure-asyncoperation": OPERATION}), status("Failed", error=error))
    with pytest.raises(ArmCallError) as raised:
        call(script, "DELETE", "/r", "1")
    assert (raised.value.code, raised.value.message) == ("Conflict", "no because")


def test_a_location_is_followed_until_it_is_no_longer_202() -> None:
    script = Script(
        Reply(202, None, {"location": RESULT, "retry-after": "15"}),
        Reply(202, None, {"location": RESULT}),
        Reply(200, {"answer": 42}),
    )
    assert call(script, "POST", "/r/action", "1").body == {"answer": 42}
    assert script.pauses == [15.0, 10.0]


def test_a_put_with_only_a_location_reads_the_resource() -> None:
    script = Script(Reply(202, None, {"location": RESULT}), Reply(200, None), Reply(200, {"name": "r"}))
    assert call(script, "PUT", "/r", "1", {}).body == {"name": "r"}
    assert script.asked[-1] == "GET /r?1"


def test_without_headers_the_resource_tells() -> None:
    def state(name: str) -> Reply:
        return Reply(200, {"properties": {"provisioningState": name}}, {"x-ms-retry-after-ms": "1"})

    assert call(Script(state("Creating"), state("Updating"), state("Succeeded")), "PUT", "/r", "1", {}).status == 200
    with pytest.raises(ArmCallError, match="ended as failed"):
        call(Script(state("Creating"), state("Failed")), "PUT", "/r", "1", {})


def test_an_operation_may_outlast_its_time() -> None:
    script = Script(Reply(202, None, {"azure-asyncoperation": OPERATION, "retry-after": "60"}))
    with pytest.raises(ArmCallError) as raised:
        call(script, "PUT", "/r", "1", {}, timeout=30)
    assert raised.value.code == "OperationTimedOut"


@pytest.mark.parametrize(
    ("reply", "code", "message"),
    [
        (Reply(404, {"error": {"code": "NotFound", "message": "gone"}}), "NotFound", "gone"),
        (Reply(500, "<html>"), "HTTP500", "<html>"),
        (Reply(503), "HTTP503", "GET /r was answered with status 503"),
    ],
)
def test_errors_carry_what_there_is(reply: Reply, code: str, message: str) -> None:
    with pytest.raises(ArmCallError) as raised:
        call(Script(reply), "GET", "/r", "1")
    assert (raised.value.code, raised.value.message) == (code, message)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "20", "retry-after": "9"}, 0.02),
        ({"x-ms-retry-after-ms": "50"}, 0.05),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 10.0),
        ({}, 10.0),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds
