"""ARM templates: their language, their order, and what a deployment leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from azlocal.arm import ArmRequest, ControlPlane
from azlocal.arm.errors import ArmError
from azlocal.arm.providers.deployments import again
from azlocal.arm.resume import take_up
from azlocal.arm.template.expressions import evaluate
from azlocal.arm.template.functions import PURE
from azlocal.arm.template.template import NESTED
from azlocal.arm.types import Effects
from azlocal.entra.principals import OWNER, READER
from azlocal.state import Resource

from .conftest import GROUP, LOCATION, World

PATH = f"{GROUP}/providers/Microsoft.Resources/deployments/one"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("[[literal]", "[literal]"),
        ("['it''s']", "it's"),
        ("[concat('a', 'b', 3)]", "ab3"),
        ("[if(equals('A', 'a'), 'yes', json('broken'))]", "yes"),
        ("[and(not(empty('x')), or(false(), true()))]", True),
        ("[createObject('a', createArray(1, 2)).a[1]]", 2),
        ("[union(createObject('a', 1), createObject('b', 2))]", {"a": 1, "b": 2}),
        ("[array('x')]", ["x"]),
        ("[toLower(substring('ABCDEF', 1, 3))]", "bcd"),
        ("[json('null')]", None),
        ("[format('{0}-{1}', 'a', 1)]", "a-1"),
    ],
)
def test_language(expression: str, value: Any) -> None:
    assert evaluate(expression, PURE) == value


def test_a_key_may_be_an_expression() -> None:
    assert evaluate({"[concat('a', 'b')]": {"c": "[add(1, 2)]"}}, {**PURE, "add": lambda a, b: a + b}) == {
        "ab": {"c": 3}
    }


def test_made_up_names_depend_on_their_arguments_alone() -> None:
    for function in ("guid", "uniqueString"):
        one, same, other = (evaluate(f"[{function}('{text}')]", PURE) for text in ("a", "a", "b"))
        assert one == same != other
    assert len(evaluate("[uniqueString('a')]", PURE)) == 13


@pytest.mark.parametrize("expression", ["[concat('a']", "[concat(,)]", "[1 2]", "[createObject('a', 1).b]", "['a]"])
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(ArmError) as caught:
        evaluate(expression, PURE)
    assert caught.value.code == "InvalidTemplate"


def test_a_function_that_is_not_served_is_named() -> None:
    with pytest.raises(ArmError) as caught:
        evaluate("[dateTimeAdd('a', 'b')]", PURE)
    assert caught.value.status == 501
    assert "dateTimeAdd" in caught.value.message


def identity(name: str, **more: Any) -> dict[str, Any]:
    return {"type": IDENTITY, "apiVersion": "2023-01-31", "name": name, "location": LOCATION, **more}


def deploy(world: World, *resources: dict[str, Any], **properties: Any) -> Any:
    template = {"resources": list(resources), **properties.pop("template", {})}
    body = {"properties": {"mode": "Incremental", "template": template, **properties}}
    return world.control.internal("PUT", PATH, body)


def test_resources_come_in_the_order_of_their_needs(world: World) -> None:
    """``second`` is declared first; it depends by a reference, ``third`` by name."""
    answer = deploy(
        world,
        identity("third", dependsOn=["second"]),
        identity("second", tags={"other": f"[reference(resourceId('{IDENTITY}', parameters('first'))).principalId]"}),
        identity("[parameters('first')]"),
        identity("never", condition="[equals(parameters('first'), 'x')]"),
        template={
            "parameters": {"first": {"type": "string"}},
            "outputs": {"id": {"type": "string", "value": f"[resourceId('{IDENTITY}', 'second')]"}},
        },
        parameters={"first": {"value": "first"}},
    )
    assert answer.status == 201
    properties = answer.body["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert [one["id"].rsplit("/", 1)[-1] for one in properties["outputResources"]] == ["first", "second", "third"]
    assert properties["outputs"]["id"]["value"] == f"{GROUP}/providers/{IDENTITY}/second"
    first = world.control.internal("GET", f"{GROUP}/providers/{IDENTITY}/first").body
    second = world.control.internal("GET", f"{GROUP}/providers/{IDENTITY}/second").body
    assert second["tags"] == {"other": first["properties"]["principalId"]}
    operations = world.control.internal("GET", f"{GROUP}/deployments/one/operations").body["value"]
    assert [one["properties"]["statusCode"] for one in operations] == ["Created"] * 3


def test_children_and_nested_templates(world: World) -> None:
    world.group("other")
    credential = {
        "type": "federatedIdentityCredentials",
        "apiVersion": "2023-01-31",
        "name": "child",
        "properties": {"issuer": "https://x/", "subject": "s", "audiences": ["a"]},
    }
    nested = {
        "type": NESTED,
        "apiVersion": "2020-06-01",
        "name": "inner",
        "resourceGroup": "other",
        "properties": {"mode": "Incremental", "template": {"resources": [identity("[variables('name')]")]}},
    }
    answer = deploy(
        world,
        identity("outer", resources=[credential]),
        nested,
        template={"variables": {"name": "[concat('in', 'side')]"}},
    )
    assert answer.status == 201, answer.body
    inside = f"{GROUP.replace('/rg', '/other')}/providers/{IDENTITY}/inside"
    for path in (f"{GROUP}/providers/{IDENTITY}/outer/federatedIdentityCredentials/child", inside):
        assert world.control.internal("GET", path).status == 200


@pytest.mark.parametrize(
    ("resources", "properties", "said"),
    [
        ([identity("a", dependsOn=["b"]), identity("b", dependsOn=["a"])], {}, "circular"),
        ([identity("[parameters('x')]")], {}, "'x'"),
        ([], {"template": {"parameters": {"x": {"type": "string"}}}}, "'x' is not provided"),
        ([], {"parameters": {"y": {"value": 1}}}, "'y' is not found"),
        (
            [],
            {
                "template": {"parameters": {"x": {"type": "string", "allowedValues": ["a", "b"]}}},
                "parameters": {"x": {"value": "c"}},
            },
            "is not one of a, b",
        ),
        ([identity("a/b")], {}, "does not fit"),
    ],
)
def test_templates_that_cannot_be(world: World, resources: Any, properties: Any, said: str) -> None:
    answer = deploy(world, *resources, **properties)
    assert (answer.status, answer.body["error"]["code"]) == (400, "InvalidTemplate")
    assert said in answer.body["error"]["message"]


def test_secure_parameters_are_not_shown(world: World) -> None:
    template = {"parameters": {"secret": {"type": "securestring"}, "plain": {"type": "string"}}}
    given = {"secret": {"value": "hush"}, "plain": {"value": "loud"}}
    deploy(world, template=template, parameters=given)
    shown = world.control.internal("GET", PATH).body["properties"]["parameters"]
    assert shown == {"secret": {"type": "securestring"}, "plain": {"type": "string", "value": "loud"}}


def test_validate_writes_nothing(world: World) -> None:
    body = {"properties": {"template": {"resources": [identity("one")]}, "mode": "Incremental"}}
    answer = world.control.internal("POST", f"{PATH}/validate", body)
    assert answer.status == 200
    assert answer.body["properties"]["validatedResources"] == [{"id": f"{GROUP}/providers/{IDENTITY}/one"}]
    assert world.state.below(GROUP.lower()) == []


def test_validate_asks_nothing_of_what_is_not_there_yet(world: World) -> None:
    named = f"resourceId('{IDENTITY}', 'one')"
    two = identity("two", tags={"of": f"[concat('one is ', reference({named}, '2023-01-31').principalId)]"})
    later = {"resources": [identity("one"), {**two, "dependsOn": [f"[{named}]"]}]}
    answer = world.control.internal(
        "POST", f"{PATH}/validate", {"properties": {"template": later, "mode": "Incremental"}}
    )
    assert answer.status == 200, answer.body
    assert len(answer.body["properties"]["validatedResources"]) == 2


class Running:
    """The same state under a control plane with a loop."""

    def __init__(self, world: World) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.control = ControlPlane(world.state, clock=lambda: world.now, spawn=self._spawn)
        self.control.effects[NESTED.lower()] = Effects(put=again(self.control))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.ensure_future(work))
        return self.tasks[-1]

    async def ended(self) -> Any:
        """The operation of the deployment, once everything is over."""
        operation = self.control.operations.active(PATH.lower())
        await asyncio.gather(*self.tasks)
        return operation


def put(control: ControlPlane, *resources: dict[str, Any], principal: Any = OWNER) -> Any:
    body = {"properties": {"mode": "Incremental", "template": {"resources": list(resources)}}}
    return control.handle(ArmRequest("PUT", PATH, {"api-version": "2020-06-01"}, body, {}, principal))


def test_a_deployment_fails_with_the_error_of_its_resource(world: World) -> None:
    async def run() -> None:
        azure = Running(world)
        control = azure.control
        answer = put(control, identity("fine"), identity("not fine!"))
        assert (answer.status, answer.body["properties"]["provisioningState"]) == (201, "Running")
        operation = await azure.ended()
        assert operation.error["code"] == "DeploymentFailed"
        assert operation.error["details"][0]["code"] == "InvalidResourceName"
        assert control.internal("GET", PATH).body["properties"]["provisioningState"] == "Failed"
        assert world.state.documents("deploymentRequest") == []

    asyncio.run(run())


def test_each_resource_is_written_as_whoever_asked(world: World) -> None:
    """A right to deploy is no right to what is deployed."""
    deployer = {
        "properties": {
            "roleName": "deployer",
            "permissions": [{"actions": ["Microsoft.Resources/deployments/*"], "notActions": []}],
        }
    }
    role = "00000000-0000-4000-8000-0000000000d0"
    world.put(f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions/{role}", deployer)
    world.assign(role, READER.object_id, GROUP, "00000000-0000-4000-8000-0000000000d1")

    async def run() -> None:
        azure = Running(world)
        assert put(azure.control, identity("one"), principal=READER).status == 201
        operation = await azure.ended()
        assert operation.error["details"][0]["code"] == "AuthorizationFailed"

    asyncio.run(run())
    assert world.control.internal("GET", f"{GROUP}/providers/{IDENTITY}/one").status == 404


def test_an_interrupted_deployment_is_taken_up_again(world: World) -> None:
    async def forever(_resource: Resource) -> None:
        await asyncio.Event().wait()

    async def begin() -> None:
        azure = Running(world)
        azure.control.effects[IDENTITY.lower()] = Effects(put=forever)
        put(azure.control, identity("one"), identity("two"))
        await asyncio.sleep(0)  # the first step is on its way when the loop ends, and everything with it

    async def resume() -> None:
        azure = Running(world)
        take_up(azure.control)
        assert (await azure.ended()).status == "Succeeded"

    asyncio.run(begin())
    assert world.control.internal("GET", f"{GROUP}/providers/{IDENTITY}/two").status == 404
    asyncio.run(resume())
    for name in ("one", "two"):
        assert world.control.internal("GET", f"{GROUP}/providers/{IDENTITY}/{name}").status == 200
