"""The service over a control plane with effects: only storage and builds are replaced."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from azlocal.arm import ArmResponse, ControlPlane
from azlocal.azure import Azure
from azlocal.entra.keys import Keys
from azlocal.entra.tokens import Authority
from azlocal.machinelearning.endpoints import log, prepare
from azlocal.machinelearning.endpoints.service import Scoring
from azlocal.state import Resource, State, StateFolder
from tests.azlocal.machinelearning.endpoints.workspace import CODE, COMPUTE, NAMESPACES, Workspace

WHO = """
    import os
    def init(): print("loading", os.environ["AZUREML_MODEL_DIR"])
    def run(raw_data): return {"pid": os.getpid(), "version": VERSION}
"""
BROKEN = "def init(): raise FileNotFoundError('model.pkl is not in the model')\ndef run(raw_data): pass"


class Built:
    """Environments that are this interpreter's own."""

    def log(self, _definition: object) -> Path:
        raise AssertionError

    def is_ready(self, _definition: object) -> bool:
        return True

    async def ready(self, _definition: object) -> Path:
        return Path(sys.executable).parents[1]


class World:
    """A running service, its control plane, and the code that its deployments find."""

    def __init__(self, folder: Path, code: dict[str, str]) -> None:
        self.code = code
        state = State(StateFolder(folder).sub() / "state.db")
        azure: Azure

        def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            return azure.spawn(work)

        self.control = ControlPlane(state, NAMESPACES, spawn=spawn)
        home = StateFolder(folder)
        azure = Azure(home, state, self.control, Authority(Keys(home), self.control.directory))
        self.azure = azure
        self.scoring = Scoring(azure)
        self.scoring._preparation._own = Built()
        self.workspace = Workspace(self.control)

    async def done(self, answer: ArmResponse) -> ArmResponse:
        """The resource, once what goes on with it has ended."""
        assert answer.status < 300, answer.body
        if answer.ready:
            await answer.ready
        while self.azure._tasks:
            await asyncio.wait(set(self.azure._tasks))
        return answer

    async def deploy(self, name: str = "blue", **properties: Any) -> dict[str, Any]:
        """PUT a deployment and wait; its body afterwards."""
        await self.done(self.workspace.deployment(name, **properties))
        body: dict[str, Any] = self.workspace.call("GET", f"onlineEndpoints/score/deployments/{name}").body
        return body

    async def score(self, **headers: str) -> httpx.Response:
        """One request with the endpoint's first key."""
        body = self.workspace.call("GET", "onlineEndpoints/score").body
        key = self.workspace.call("POST", "onlineEndpoints/score/listKeys").body["primaryKey"]
        transport = httpx.ASGITransport(app=self.scoring)
        async with httpx.AsyncClient(transport=transport) as client:
            given = {"Authorization": f"Bearer {key}", **headers}
            return await client.post(body["properties"]["scoringUri"], json={}, headers=given)

    def logs(self, name: str = "blue", **body: Any) -> str:
        """What ``getLogs`` answers."""
        answer = self.workspace.call("POST", f"onlineEndpoints/score/deployments/{name}/getLogs", body)
        return str(answer.body["content"])


@asynccontextmanager
async def world(folder: Path, code: dict[str, str]) -> AsyncIterator[World]:
    made = World(folder, code)
    await made.scoring.start()
    try:
        yield made
    finally:
        await made.scoring.stop()
        await made.azure.stop()
        made.azure.state.close()


Test = Callable[[World], Awaitable[None]]


def put(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], None]:
    code = {"score.py": f"VERSION = 1\n{textwrap.dedent(WHO)}"}

    async def download(
        _self: object, _deployment: Resource, _uri: str, folder: Path, said: Path, *, keep_name: bool, **_: bool
    ) -> None:
        log.write(said, "downloading")
        for name, text in ({} if keep_name else code).items():
            put(folder / name, text)

    monkeypatch.setattr(prepare.Preparation, "_download", download)

    def run(test: Test) -> None:
        async def body() -> None:
            async with world(tmp_path, code) as made:
                await made.done(made.workspace.endpoint())
                await test(made)

        asyncio.run(body())

    return run


def test_a_deployment_answers_once_it_is_there(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        body = await made.deploy()
        assert body["properties"]["provisioningState"] == "Succeeded"
        await made.done(made.workspace.endpoint(traffic={"blue": 100}))
        answer = await made.score()
        assert answer.json()["version"] == 1
        assert "200 POST /score" in made.logs(tail=1)
        assert "loading" in made.logs()
        assert "downloading" in made.logs(containerType="StorageInitializer")

    run(test)


def test_a_model_that_does_not_load_fails_the_deployment(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        made.code["score.py"] = BROKEN
        answer = made.workspace.deployment()
        operation = answer.headers["Azure-AsyncOperation"].split("azure.com")[1].partition("?")[0]
        await made.done(answer)
        status = made.workspace.call("GET", operation).body
        assert status["status"] == "Failed"
        assert status["error"]["code"] == "ResourceNotReady"
        assert "FileNotFoundError: model.pkl is not in the model" in status["error"]["message"]
        shown = made.workspace.call("GET", "onlineEndpoints/score/deployments/blue").body
        assert shown["properties"]["provisioningState"] == "Failed"
        assert "Traceback" in made.logs()

    run(test)


def test_new_code_replaces_the_old_without_a_gap(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        await made.deploy()
        await made.done(made.workspace.endpoint(traffic={"blue": 100}))
        before = (await made.score()).json()
        made.code["score.py"] = made.code["score.py"].replace("VERSION = 1", "VERSION = 2")
        code = CODE.replace("/versions/1", "/versions/2")
        made.control.state.put(
            Resource(
                code, "Microsoft.MachineLearningServices/workspaces/codes/versions", {"properties": {"codeUri": "u"}}
            )
        )
        await made.deploy(codeConfiguration={"codeId": code, "scoringScript": "score.py"})
        after = (await made.score()).json()
        assert after["version"] == 2
        assert after["pid"] != before["pid"]
        await asyncio.gather(*made.scoring._draining)
        assert not psutil.pid_exists(before["pid"])

    run(test)


def test_a_failed_change_leaves_what_answered_before(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        await made.deploy()
        await made.done(made.workspace.endpoint(traffic={"blue": 100}))
        body = await made.deploy(
            environmentVariables={"A": "1"}, codeConfiguration={"codeId": CODE, "scoringScript": "no.py"}
        )
        assert body["properties"]["provisioningState"] == "Failed"
        assert (await made.score()).status_code == 200

    run(test)


def test_scaling_keeps_the_processes(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        await made.deploy()
        route = made.scoring._routes.all()[0]
        before = {one.pid for one in route.replicas["blue"].processes}
        await made.deploy(capacity=2)
        after = {one.pid for one in route.replicas["blue"].processes}
        assert before <= after
        await made.deploy(capacity=1)
        assert len(route.replicas["blue"].processes) == 1

    run(test)


def test_what_is_deleted_leaves_nothing(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        await made.deploy()
        pids = [one.pid for one in made.scoring._routes.all()[0].replicas["blue"].processes]
        folder = made.scoring._preparation.folder(made.scoring._routes.all()[0].key + "/deployments/blue")
        assert folder.exists()
        await made.done(made.workspace.call("DELETE", "onlineEndpoints/score"))
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert not folder.exists()
        assert made.scoring._routes.all() == []

    run(test)


def test_a_regenerated_key_ends_the_old_one(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        await made.deploy()
        await made.done(made.workspace.endpoint(traffic={"blue": 100}))
        old = made.workspace.call("POST", "onlineEndpoints/score/listKeys").body["primaryKey"]
        await made.done(made.workspace.call("POST", "onlineEndpoints/score/regenerateKeys", {"keyType": "primary"}))
        assert (await made.score()).status_code == 200
        assert (await made.score(Authorization=f"Bearer {old}")).status_code == 401

    run(test)


def test_a_kubernetes_endpoint_answers_at_its_clusters_host(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        await made.done(made.workspace.call("DELETE", "onlineEndpoints/score"))
        await made.done(made.workspace.endpoint(compute=COMPUTE))
        await made.deploy()
        await made.done(made.workspace.endpoint(compute=COMPUTE, traffic={"blue": 100}))
        assert made.scoring.serves("scoring.contoso.internal")
        assert (await made.score()).json()["version"] == 1
        assert "not in pods of the cluster" in made.logs()

    run(test)


def test_endpoints_come_back_after_a_restart(run: Callable[[Test], None]) -> None:
    async def test(made: World) -> None:
        await made.deploy()
        await made.done(made.workspace.endpoint(traffic={"blue": 100}))
        before = (await made.score()).json()["pid"]
        await made.scoring.stop()
        assert not psutil.pid_exists(before)
        again = Scoring(made.azure)
        again._preparation._own = Built()
        made.code.clear()  # nothing is downloaded a second time
        made.scoring = again
        await again.start()
        while made.azure._tasks:
            await asyncio.wait(set(made.azure._tasks))
        answer = await made.score()
        assert answer.json()["pid"] != before

    run(test)
