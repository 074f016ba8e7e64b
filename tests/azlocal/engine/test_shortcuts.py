"""The shortcuts leave the SDK's meaning as it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi import resource as sdk_resource
from pulumi.runtime import resource as sdk_runtime

from azlocal.engine.shortcuts import shortcuts
from azlocal.engine.urns import Alias, Named, alias_urns, make_urn, name_of, qualified_type, type_of

runtime: Any = sdk_runtime
resource: Any = sdk_resource

CASES: list[Any] = [
    pulumi.Alias(type_="azure-native:network/v20240101:Subnet"),
    pulumi.Alias(name="old"),
    pulumi.Alias(name="old", type_="a:b:C"),
    pulumi.Alias(parent=None),
    pulumi.Alias(parent="urn:pulumi:dev::shop::t::p"),
    pulumi.Alias(project="other", stack="prod"),
    "urn:pulumi:dev::shop::t::n",
]


@pytest.mark.parametrize("alias", CASES, ids=range(len(CASES)))
def test_the_same_specifications_are_sent(alias: Any) -> None:
    options = pulumi.ResourceOptions(aliases=[alias])

    async def sent() -> Any:
        return await runtime.prepare_aliases(None, options, True)

    slow = asyncio.run(sent())
    with shortcuts():
        fast = asyncio.run(sent())
    assert fast == slow


def test_everything_is_put_back() -> None:
    before = runtime.prepare_aliases, resource.collapse_alias_to_urn, runtime._get_stack_trace
    with shortcuts():
        assert runtime.prepare_aliases is not before[0]
    assert (runtime.prepare_aliases, resource.collapse_alias_to_urn, runtime._get_stack_trace) == before


def test_urns_are_pulumis() -> None:
    stack = make_urn("dev", "shop", "", "pulumi:pulumi:Stack", "shop-dev")
    assert stack == "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
    block = make_urn("dev", "shop", stack, "shop:index:Block", "b")
    assert block == "urn:pulumi:dev::shop::shop:index:Block::b"
    child = make_urn("dev", "shop", block, "a:b:C", "with::colons")
    assert child == "urn:pulumi:dev::shop::shop:index:Block$a:b:C::with::colons"
    assert name_of(child) == "with::colons"
    assert type_of(child) == "a:b:C"
    assert qualified_type(child) == "shop:index:Block$a:b:C"


def test_earlier_names() -> None:
    parent = "urn:pulumi:dev::shop::p:q:R::block"
    named = Named("dev", "shop", parent, "a:b:C", "block-child", (Alias(name="old"), Alias(no_parent=True)))
    earlier_parent = "urn:pulumi:dev::shop::p:q:Old::before"
    assert list(alias_urns(named, [earlier_parent])) == [
        "urn:pulumi:dev::shop::p:q:R$a:b:C::old",
        "urn:pulumi:dev::shop::a:b:C::block-child",
        "urn:pulumi:dev::shop::p:q:Old$a:b:C::before-child",
        "urn:pulumi:dev::shop::p:q:Old$a:b:C::old",
        "urn:pulumi:dev::shop::a:b:C::before-child",
    ]
