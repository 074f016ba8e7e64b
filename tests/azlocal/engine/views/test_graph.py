"""The picture says what the plan makes, and nothing in it hides another thing."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from azlocal.engine.errors import EngineError
from azlocal.engine.views.files import write_views
from azlocal.engine.views.graph import draw, mermaid
from azlocal.engine.views.graph.svg import fit, width_of
from tests.azlocal.engine.views.conftest import ACCOUNT, Json, resource

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ElementTree.Element:
    """The picture, which is well formed."""
    return ElementTree.fromstring(svg)  # noqa: S314 - drawn by this test


def texts(svg: str) -> list[str]:
    """What one reads in a picture."""
    return [item.text or "" for item in parsed(svg).iter(f"{SVG}text")]


def boxes(svg: str, *styles: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of the boxes of a style."""
    found = [item for item in parsed(svg).iter(f"{SVG}rect") if item.get("class") in styles]
    sides = [[float(item.get(key) or 0) for key in ("x", "y", "width", "height")] for item in found]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


def lines(svg: str, style: str) -> list[str]:
    """What the lines of a style say when one points at them."""
    found = [item for item in parsed(svg).iter(f"{SVG}path") if item.get("class") == style]
    return [title.text or "" for item in found for title in item.iter(f"{SVG}title")]


def test_networks_services_and_identities_are_named(plan: Json) -> None:
    seen = texts(draw(plan))
    for words in ("vnet-shop", "10.0.0.0/16", "work", "10.0.1.0/24", "NAT gateway", "doors", "blob", "stshop"):
        assert words in seen or any(words in line for line in seen), words
    assert "Standard ZRS" in seen
    assert "id-shop" in seen


def test_an_endpoint_is_linked_with_its_target_and_an_identity_with_what_it_may_reach(plan: Json) -> None:
    svg = draw(plan)
    assert lines(svg, "link") == ["pep-shop → stshop"]
    assert lines(svg, "role") == ["id-shop: Storage Blob Data Reader on stshop"]


def test_an_endpoint_of_synapse_studio_leads_to_its_hub(plan: Json) -> None:
    hub = ACCOUNT.replace("Microsoft.Storage/storageAccounts/stshop", "Microsoft.Synapse/privateLinkHubs/hub")
    plan["resources"].append(resource("hub", hub, "Microsoft.Synapse/privateLinkHubs", "2021-06-01", {}, "rg"))
    link = plan["resources"][4]["body"]["properties"]["privateLinkServiceConnections"][0]["properties"]
    link["privateLinkServiceId"] = hub
    assert lines(draw(plan), "link") == ["pep-shop → hub"]


def test_a_role_below_a_service_counts_for_it_and_one_elsewhere_is_said(plan: Json) -> None:
    role = plan["resources"][-1]
    role["id"] = role["id"].replace("stshop", "stshop/blobServices/default/containers/raw")
    assert lines(draw(plan), "role") == ["id-shop: Storage Blob Data Reader on stshop"]
    role["id"] = role["id"].replace(ACCOUNT + "/blobServices/default/containers/raw", ACCOUNT.split("/providers")[0])
    svg = draw(plan)
    assert lines(svg, "role") == []
    assert "1 role elsewhere" in texts(svg)


def test_a_group_is_told_apart_by_the_role_that_fewest_hold(plan: Json) -> None:
    role = plan["resources"][-1]
    for index, (who, guid) in enumerate([("g", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"), ("g", "0" * 36)]):
        given = {"principalId": who, "principalType": "Group", "roleDefinitionId": f"/x/{guid}"}
        id_ = f"{role['id'][:-1]}{index + 2}"
        plan["resources"].append(resource(f"r{index}", id_, role["armType"], "2022-04-01", {"properties": given}))
    seen = texts(draw(plan))
    assert seen[seen.index("Entra group") :][:3] == ["Entra group", "…00000000", "and 1 more role"]


def test_a_role_that_the_plan_defines_is_named(plan: Json) -> None:
    plan["resources"][-1]["body"]["properties"]["roleDefinitionId"] = f"/x/{'0' * 36}"
    type_ = "Microsoft.Authorization/roleDefinitions"
    body = {"properties": {"roleName": "Shopkeeper"}}
    plan["resources"].append(resource("def", f"/providers/{type_}/{'0' * 36}", type_, "2022-04-01", body))
    assert lines(draw(plan), "role") == ["id-shop: Shopkeeper on stshop"]


def test_an_internal_load_balancer_stands_in_its_subnet(plan: Json) -> None:
    prefix = "service.beta.kubernetes.io/azure-load-balancer"
    notes = {f"{prefix}-internal-subnet": "work", f"{prefix}-ipv4": "10.0.1.4"}
    plan["resources"].append(resource("fe", "ns/router", "Service", "v1", {"metadata": {"annotations": notes}}))
    assert "router  internal load balancer 10.0.1.4" in texts(draw(plan))


def test_no_box_covers_another_however_much_there_is(plan: Json) -> None:
    for index in range(9):
        id_ = ACCOUNT.replace("stshop", f"stshop{index}")
        plan["resources"].append(
            resource(f"a{index}", id_, "Microsoft.Storage/storageAccounts", "2024-01-01", {}, "rg")
        )
        network = plan["resources"][1]["body"]["properties"]
        network["subnets"].append({"name": f"s{index}", "properties": {"addressPrefix": f"10.0.{index + 2}.0/24"}})
    svg = draw(plan)
    for styles, count in ((("card",), 10), (("subnet",), 11), (("vnet", "card", "who"), 12)):
        found = boxes(svg, *styles)
        assert len(found) == count
        for one, other in combinations(found, 2):
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)


def test_a_subnet_lies_in_its_network_and_everything_on_the_page(plan: Json) -> None:
    svg = draw(plan)
    (network,) = boxes(svg, "vnet")
    (page,) = boxes(svg, "page")
    inner = boxes(svg, "subnet")
    assert len(inner) == 2
    assert all(
        network[0] < x and network[1] < y and right < network[2] and low < network[3] for x, y, right, low in inner
    )
    every = boxes(svg, "card", "who", "vnet", "group")
    assert every
    assert all(right < page[2] and low < page[3] for _, _, right, low in every)


def test_it_is_the_same_for_the_same_plan_in_another_order(plan: Json) -> None:
    first = draw(plan)
    plan["resources"].reverse()
    assert draw(plan) == first


def test_it_says_to_a_screen_reader_what_it_shows_and_knows_the_dark(plan: Json) -> None:
    svg = draw(plan)
    root = parsed(svg)
    title, about = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == "Architecture of dev"
    assert about is not None
    assert "1 virtual network with 2 subnets; 1 private endpoint;" in str(about.text)
    assert "prefers-color-scheme: dark" in svg


def test_what_is_not_drawn_is_counted(plan: Json) -> None:
    assert any("Also in the plan: 1 roleAssignments" in line for line in texts(draw(plan)))


def test_names_of_strangers_cannot_break_the_picture(plan: Json) -> None:
    network = plan["resources"][1]["body"]["properties"]
    network["subnets"][0]["name"] = '<script>&"' * 20
    assert parsed(draw(plan)) is not None


def test_a_long_text_is_shortened_within_its_room() -> None:
    long = "snet-very-long-name-of-a-subnet-somewhere"
    assert fit(long, "name", 1000) == long
    assert width_of(fit(long, "name", 120), "name") <= 120
    assert fit(long, "name", 120).startswith("snet")


def test_an_empty_plan_is_a_picture_too() -> None:
    assert "Architecture of dev" in draw({"stack": "dev", "resources": []})


def test_it_is_written_where_asked_and_a_bad_place_is_said(plan: Json, tmp_path: Path) -> None:
    write_views(plan, {"graph": tmp_path / "new" / "a.svg"})
    assert (tmp_path / "new" / "a.svg").read_text() == draw(plan)
    with pytest.raises(EngineError, match="can't be written"):
        write_views(plan, {"graph": tmp_path})


def test_mermaid_has_networks_services_and_one_line_for_what_is_opened_there(plan: Json) -> None:
    link = plan["resources"][4]["body"]["properties"]["privateLinkServiceConnections"][0]
    file = {**link, "properties": {**link["properties"], "groupIds": ["file"]}}
    plan["resources"][4]["body"]["properties"]["privateLinkServiceConnections"] = [link, file]
    assert mermaid(plan).splitlines() == [
        "flowchart LR",
        '  subgraph vnet0["vnet-shop<br/>10.0.0.0/16"]',
        '    vnet0s0["doors 10.0.0.0/27<br/>2 private endpoints"]',
        '    vnet0s1["work 10.0.1.0/24<br/>NAT gateway"]',
        "  end",
        '  subgraph data["Data and analytics"]',
        '    card0("Storage account<br/>stshop<br/>Standard ZRS")',
        "  end",
        '  vnet0s0 -->|"blob, file"| card0',
    ]


def test_the_legend_explains_only_what_is_drawn(plan: Json) -> None:
    drawn = draw(plan)
    assert ">private link<" in drawn
    assert ">roles<" in drawn
    assert 'class="peer"' not in drawn
    assert ">peering<" not in drawn


def test_mermaid_draws_a_peering_once_and_no_text_ends_a_label(plan: Json) -> None:
    net = plan["resources"][1]
    hub = {**net, "urn": f"{net['urn']}2", "id": f"{net['id']}2", "name": "hub", "body": {"properties": {}}}
    plan["resources"].append(hub)
    type_ = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
    for start, end in ((net, hub), (hub, net)):
        body = {"properties": {"remoteVirtualNetwork": {"id": end["id"]}}}
        id_ = f"{start['id']}/virtualNetworkPeerings/to"
        plan["resources"].append(resource(f"{start['name']}-to", id_, type_, "2024-05-01", body))
    plan["resources"][3]["body"]["sku"]["name"] = 'a"] <b> `#'
    drawn = mermaid(plan)
    assert drawn.count("<-->") == 1
    assert "a#quot;] #lt;b#gt; #96;#35;" in drawn


def test_mermaid_of_nothing_is_nothing(plan: Json) -> None:
    plan["resources"] = plan["resources"][:1]
    assert mermaid(plan) == ""
