from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import pytest

from azlocal.entra.principals import OWNER, STRANGER
from azlocal.machinelearning.endpoints import keys
from azlocal.machinelearning.endpoints import replicas as replicas_module
from azlocal.machinelearning.endpoints import router as router_module
from azlocal.machinelearning.endpoints.process import StartError
from tests.azlocal.machinelearning.endpoints.scoring import Bench, bench

RAISES = """
    import json
    def init(): pass
    def run(raw_data):
        return 1 / json.loads(raw_data)["by"]
"""
WAITS = """
    import json, socket
    def init(): pass
    def run(raw_data):
        with socket.create_connection(("127.0.0.1", json.loads(raw_data)["port"])) as gate:
            return gate.recv(10).decode()
"""


def run(tmp_path: Path, test: Callable[[Bench], Awaitable[None]]) -> None:
    async def body() -> None:
        async with bench(tmp_path) as made:
            await test(made)

    asyncio.run(body())


class Gate:
    """Holds requests inside ``run`` of WAITS until it opens: each call there connects and waits for a word."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []
        self._arrived: asyncio.Queue[None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _take(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._arrived.put_nowait(None)

    async def arrived(self) -> None:
        await self._arrived.get()

    async def open(self) -> None:
        writer = self._writers.pop()
        writer.write(b"go")
        writer.close()
        await writer.wait_closed()


def test_answers_with_the_result_as_json(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        made.set(traffic={"blue": 100})
        answer = await made.client.post("/score", json={"x": 1}, headers={"x-ms-client-request-id": "mine"})
        assert answer.status_code == 200
        assert answer.json()["got"] == {"x": 1}
        assert answer.headers["azureml-model-deployment"] == "blue"
        assert answer.headers["x-ms-client-request-id"] == "mine"
        assert answer.headers["x-ms-request-id"]
        assert "the script is loading" in made.log("blue")

    run(tmp_path, test)


def test_a_script_that_raises_answers_500_and_lives_on(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        replicas = await made.deploy("blue", RAISES)
        made.set(traffic={"blue": 100})
        before = replicas.processes[0].pid
        answer = await made.score({"by": 0})
        assert answer.status_code == 500
        assert "ZeroDivisionError: division by zero" in answer.json()["error"]["message"]
        assert answer.headers["ms-azureml-model-error-statuscode"] == "500"
        assert "Traceback (most recent call last)" in made.log("blue")
        assert (await made.score({"by": 2})).json() == 0.5
        assert replicas.processes[0].pid == before

    run(tmp_path, test)


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_body_that_is_not_json_answers_400(tmp_path: Path, kind: str) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        made.set(traffic={"blue": 100})
        answer = await made.client.post("/score", content=b"{not json", headers={"content-type": kind})
        assert answer.status_code == 400
        assert "The request body is not valid JSON" in answer.json()["error"]["message"]

    run(tmp_path, test)


def test_a_crashed_process_is_replaced(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        replicas = await made.deploy("blue")
        made.set(traffic={"blue": 100})
        before = (await made.score()).json()["pid"]
        os.kill(before, signal.SIGKILL)
        await replicas.processes[0].ended()
        async with asyncio.timeout(2):
            answer = await made.score()
        assert answer.status_code == 200
        assert answer.json()["pid"] != before
        assert "SIGKILL" in made.log("blue")

    run(tmp_path, test)


def test_a_model_that_loads_slowly_has_a_spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas_module, "_SLOW_START", 0.0)

    async def test(made: Bench) -> None:
        replicas = await made.deploy("blue")
        made.set(traffic={"blue": 100})
        assert replicas._spare_start
        await replicas._spare_start
        spare = replicas._spare
        assert spare
        os.kill(replicas.processes[0].pid, signal.SIGKILL)
        await replicas.processes[0].ended()
        assert (await made.score()).json()["pid"] == spare.pid
        await replicas._spare_start
        assert replicas._spare not in {None, spare}

    run(tmp_path, test)


def test_a_crash_during_a_request_answers_502(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        replicas = await made.deploy("blue", WAITS)
        made.set(traffic={"blue": 100})
        async with Gate() as gate:
            request = asyncio.create_task(made.score({"port": gate.port}))
            await gate.arrived()
            os.kill(replicas.processes[0].pid, signal.SIGKILL)
            assert (await request).status_code == 502

    run(tmp_path, test)


def test_a_process_that_keeps_crashing_answers_503(tmp_path: Path) -> None:
    crashes_later = """
        import os, pathlib
        def init():
            flag = pathlib.Path(os.environ["AZUREML_APP_ROOT"], "loaded")
            if flag.exists():
                raise RuntimeError("the second start always fails")
            flag.touch()
        def run(raw_data):
            os._exit(9)
    """

    async def test(made: Bench) -> None:
        await made.deploy("blue", crashes_later)
        made.set(traffic={"blue": 100})
        assert (await made.score()).status_code == 502
        assert (await made.score()).status_code == 503
        assert "with exit code 9" in made.log("blue")
        assert "the second start always fails" in made.log("blue")

    run(tmp_path, test)


def test_a_script_that_does_not_load_says_why(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        with pytest.raises(StartError, match="FileNotFoundError: no model here"):
            await made.deploy("blue", "def init(): raise FileNotFoundError('no model here')\ndef run(x): pass")
        assert "Traceback" in made.log("blue")
        with pytest.raises(StartError, match=r"no function run\(\)"):
            await made.deploy("green", "def init(): pass")

    run(tmp_path, test)


def test_a_script_that_exits_while_loading(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        with pytest.raises(StartError, match="exit code 4"):
            await made.deploy("blue", "import os\nos._exit(4)")

    run(tmp_path, test)


def test_traffic_is_split_and_the_header_picks(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        await made.deploy("green")
        made.set(traffic={"blue": 90, "green": 10})
        seen = Counter([(await made.score()).headers["azureml-model-deployment"] for _ in range(20)])
        assert seen == {"blue": 18, "green": 2}
        made.set(traffic={"blue": 100})
        picked = await made.score(headers={"azureml-model-deployment": "green"})
        assert picked.json()["from"] == "green"
        made.set(traffic={"green": 100, "blue": 0})
        assert (await made.score()).json()["from"] == "green"

    run(tmp_path, test)


def test_without_traffic_or_with_an_unknown_deployment(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        nothing = await made.score()
        assert nothing.status_code == 404
        assert "No valid deployments to route to" in nothing.json()["error"]["message"]
        unknown = await made.score(headers={"azureml-model-deployment": "red"})
        assert unknown.status_code == 404
        assert unknown.json()["error"]["message"].endswith("it has: blue.")

    run(tmp_path, test)


def test_mirrored_requests_are_copied(tmp_path: Path) -> None:
    tells = """
        import json, socket
        def init(): pass
        def run(raw_data):
            with socket.create_connection(("127.0.0.1", json.loads(raw_data)["port"])) as gate:
                return gate.recv(10).decode()
    """

    async def test(made: Bench) -> None:
        await made.deploy("blue")
        await made.deploy("shadow", tells)
        made.set(traffic={"blue": 100}, mirrorTraffic={"shadow": 50})
        async with Gate() as gate:
            for _ in range(2):
                answer = await made.score({"port": gate.port})
                assert answer.json()["from"] == "blue"
            await gate.arrived()
            await gate.open()

    run(tmp_path, test)


def test_keys(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        made.set(traffic={"blue": 100})
        assert (await made.score(headers={"Authorization": "Bearer second"})).status_code == 200
        denied = await made.score(headers={"Authorization": "Bearer wrong"})
        assert denied.status_code == 401
        assert denied.json()["error"]["code"] == "key_auth_access_denied"
        assert (await made.score(headers={"Authorization": ""})).status_code == 401
        keys.regenerate(made.state, made.endpoint.key, "Primary", "first")
        made.table.read(made.endpoint)
        assert (await made.score()).status_code == 401

    run(tmp_path, test)


def test_endpoint_tokens(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        made.set(traffic={"blue": 100}, authMode="AMLToken")
        credentials = made.route.credentials
        token = keys.token(credentials, made.endpoint.key, "me", time.time())["accessToken"]
        other = keys.token(credentials, made.endpoint.key + "2", "me", time.time())["accessToken"]
        old = keys.token(credentials, made.endpoint.key, "me", 1e9)["accessToken"]
        statuses = [
            (await made.score(headers={"Authorization": f"Bearer {one}"})).status_code
            for one in (token, other, old, "first")
        ]
        assert statuses == [200, 401, 401, 401]

    run(tmp_path, test)


def test_entra_tokens_need_the_right_to_score(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        made.set(traffic={"blue": 100}, authMode="AADToken")
        owner = made.authority.issue(OWNER, "https://ml.azure.com")
        stranger = made.authority.issue(STRANGER, "https://ml.azure.com")
        vault = made.authority.issue(OWNER, "https://vault.azure.net")
        answers = [await made.score(headers={"Authorization": f"Bearer {one}"}) for one in (owner, stranger, vault)]
        assert [one.status_code for one in answers] == [200, 403, 401]
        assert "onlineEndpoints/score/action" in answers[1].json()["error"]["message"]

    run(tmp_path, test)


def test_more_pending_requests_than_allowed(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue", WAITS, requestSettings={"requestTimeout": "PT30S"})
        made.set(traffic={"blue": 100})
        async with Gate() as gate:
            going_on = asyncio.create_task(made.score({"port": gate.port}))
            await gate.arrived()
            waiting = asyncio.create_task(made.score({"port": gate.port}))
            await asyncio.sleep(0)  # it runs up to the queue
            too_many = await made.score({"port": gate.port})
            assert too_many.status_code == 429
            await gate.open()
            assert (await going_on).json() == "go"
            await gate.arrived()
            await gate.open()
            assert (await waiting).json() == "go"

    run(tmp_path, test)


def test_a_request_that_takes_too_long(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue", WAITS, requestSettings={"requestTimeout": "PT0.2S"})
        made.set(traffic={"blue": 100})
        async with Gate() as gate:
            assert (await made.score({"port": gate.port})).status_code == 408
            made.set(compute="a Kubernetes compute's id")
            assert (await made.score({"port": gate.port})).status_code == 504

    run(tmp_path, test)


def test_a_body_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router_module, "MAX_BODY", 100)
    monkeypatch.setattr(router_module, "_MOST_READ", 1000)

    async def test(made: Bench) -> None:
        await made.deploy("blue")
        made.set(traffic={"blue": 100})
        for size in (101, 999, 5000):
            refused = await made.client.post("/score", content=b" " * size)
            assert refused.status_code == 413
            assert "over the limit of 100 bytes" in refused.json()["error"]["message"]
        assert (await made.score({"fits": 1})).status_code == 200

    run(tmp_path, test)


def test_a_large_body_and_answer(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue")
        made.set(traffic={"blue": 100})
        data = {"rows": ["x" * 100_000] * 40}
        answer = await made.score(data)
        assert answer.json()["got"] == data
        assert len(answer.content) > len(json.dumps(data))

    run(tmp_path, test)


def test_several_processes_share_the_load(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        await made.deploy("blue", capacity=2)
        made.set(traffic={"blue": 100})
        answers = await asyncio.gather(*(made.score() for _ in range(4)))
        assert len({one.json()["pid"] for one in answers}) == 2

    run(tmp_path, test)


def test_unknown_endpoint(tmp_path: Path) -> None:
    async def test(made: Bench) -> None:
        answer = await made.client.post("https://other.westeurope.inference.ml.azure.com/score", json=1)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "EndpointNotFound"

    run(tmp_path, test)
