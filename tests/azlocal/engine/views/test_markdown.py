"""The comment on a pull request: all of a plan that a reviewer asks for, in tables that nothing breaks."""

from __future__ import annotations

import copy
from pathlib import Path

from azlocal.engine.views.files import write_views
from azlocal.engine.views.graph import mermaid
from azlocal.engine.views.markdown import markdown, markdown_all
from tests.azlocal.engine.views.conftest import Json

PROBLEM = {"code": "SubnetsOverlap", "message": "a | b\noverlap", "urn": "urn:pulumi:dev::shop::a:b:C::net"}


def table(comment: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    below = comment.split(f"### {heading}", 1)[1].split("\n\n")[1]
    rows = below.splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_it_counts_and_says_that_nothing_is_wrong(plan: Json) -> None:
    comment = markdown(plan)
    assert comment.startswith("## Plan of dev\n\n**6 resources** · 0 problems\n\nMicrosoft.Network 2, ")
    assert "No problem was found." in comment
    assert "### Changes" not in comment


def test_what_is_taken_for_granted_is_named(plan: Json) -> None:
    assert "Assumed to exist" not in markdown(plan)
    plan["assumed"] = ["/subscriptions/s/resourceGroups/theirs/providers/Microsoft.Network/virtualNetworks/hub"]
    assert "\n\nAssumed to exist: `hub`\n\n" in markdown(plan)


def test_an_open_finding_of_the_policy_is_a_row_with_its_fix(plan: Json) -> None:
    plan["findings"] = [
        {"severity": "Critical", "rule": "A.B", "resource": "net", "field": "tags", "reason": "absent", "fix": "set it",
         "exemption": None}
    ]  # fmt: skip
    assert table(markdown(plan), "Policy") == [["Critical", "A.B", "net", "`tags`: absent. Fix: set it"]]


def test_problems_are_a_table_that_no_message_breaks(plan: Json) -> None:
    plan["problems"] = [{**PROBLEM, "fix": "choose another range"}]
    comment = markdown(plan)
    assert "· 1 problem\n" in comment
    assert table(comment, "Problems") == [["SubnetsOverlap", "net", "a \\| b overlap Fix: choose another range"]]


def test_cost_and_path_are_tables(plan: Json) -> None:
    comment = markdown(plan)
    assert "### Cost: 7.30 USD a month\n" in comment
    assert table(comment, "Cost") == [["private endpoint", "1", "7.30"]]
    assert "Left out: traffic" in comment
    assert [row[0] for row in table(comment, "Critical path")] == ["rg", "account", "door"]


def test_against_a_base_it_tells_the_difference(plan: Json) -> None:
    base = copy.deepcopy(plan)
    door = plan["resources"][4]
    second = {**copy.deepcopy(door), "urn": f"{door['urn']}2", "name": "door2", "id": f"{door['id']}2"}
    plan["resources"].append(second)
    plan["resources"][3]["body"]["sku"]["name"] = "Standard_LRS"
    del plan["resources"][2]
    comment = markdown(plan, base)
    assert "against the base: 1 new, 1 changed, 1 gone" in comment
    assert [(row[0], row[2]) for row in table(comment, "Changes")] == [
        ("changed", "account"),
        ("gone", "id"),
        ("new", "door2"),
    ]
    assert "### Cost: 14.60 USD a month (+7.30)" in comment
    assert table(comment, "Cost") == [["private endpoint", "2", "14.60", "+7.30"]]


def test_nothing_changes_against_itself(plan: Json) -> None:
    comment = markdown(plan, copy.deepcopy(plan))
    assert "Nothing changes against the base." in comment
    assert "(+0.00)" in comment


def test_a_meter_without_a_price_says_so_and_its_difference_is_unknown(plan: Json) -> None:
    gateway = {"location": "northeurope", "sku": {"name": "Standard"}}
    plan["resources"][2] |= {"armType": "Microsoft.Network/natGateways", "body": gateway}
    comment = markdown(plan, copy.deepcopy(plan))
    assert ["NAT gateway", "1", "no price", "unknown"] in table(comment, "Cost")


def test_the_picture_is_linked_from_where_the_comment_lies(plan: Json, tmp_path: Path) -> None:
    picture, comment_file = tmp_path / "images" / "a.svg", tmp_path / "out" / "c.md"
    write_views(plan, {"graph": picture, "markdown": comment_file}, plan)
    comment = comment_file.read_text()
    assert "![Architecture of dev](../images/a.svg)" in comment
    assert "Nothing changes against the base." in comment


def test_all_environments_are_one_comment_with_a_line_each(plan: Json) -> None:
    other = {**copy.deepcopy(plan), "stack": "prod", "problems": [PROBLEM]}
    del other["resources"][4]
    comment = markdown_all([plan, other])
    assert comment.startswith("## Plan of 2 environments\n\n| environment | resources | problems | USD a month |")
    assert "| dev | 6 | 0 | 7.30 |" in comment
    assert "| prod | 5 | 1 | 0.00 |" in comment
    assert comment.count("<details>") == comment.count("</details>") == 2
    assert markdown(other) in comment


def test_all_environments_against_their_bases(plan: Json) -> None:
    new, gone = ({**copy.deepcopy(plan), "stack": stack} for stack in ("new", "old"))
    base = copy.deepcopy(plan)
    del base["resources"][4]
    comment = markdown_all([plan, new], [base, gone])
    assert "| dev | 6 (1 new, 0 changed, 0 gone) | 0 | 7.30 (+7.30) |" in comment
    assert "| new | 6 (a new environment) | 0 | 7.30 |" in comment
    assert "| old | gone |  | -7.30 |  |" in comment


def test_without_a_file_the_picture_is_drawn_in_the_comment(plan: Json) -> None:
    assert f"### Architecture\n\n```mermaid\n{mermaid(plan)}```\n" in markdown(plan)
    assert "mermaid" not in markdown(plan, picture="a.svg")
