"""``azlocal up local`` as a platform engineer lives with it: again, edited, with a block gone, refused, destroyed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.entra.principals import SUBSCRIPTION_ID, SUBSCRIPTIONS
from azlocal.state import State, StateFolder
from tests.e2e.conftest import Platform, Run, acting, start

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(300), pytest.mark.xdist_group("architecture")]


def edit(project: Path, file: str, old: str, new: str) -> None:
    """Change one place of a file; it must be there."""
    path = project / file
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new))


def changed(run: object) -> set[str]:
    """Every resource a run changed."""
    changes: dict[str, set[str]] = run.changes  # type: ignore[attr-defined]
    return set().union(*changes.values())


def test_second_up_changes_nothing(platform: Platform) -> None:
    run = platform.up()
    assert run.code == 0, run.output
    assert changed(run) == set(), run.output


def test_an_edited_setting_changes_what_depends_on_it_and_nothing_else(platform: Platform, copy: Path) -> None:
    edit(
        copy,
        "environments/Pulumi.local.yaml",
        "      maxNodes: 2\n      idleMinutes: 2",
        "      maxNodes: 3\n      idleMinutes: 2",
    )
    run = platform.up(copy)
    assert run.code == 0, run.output
    assert changed(run) == {"training-cpu"}, run.output
    assert platform.up().code == 0


def test_a_tag_changes_every_tagged_resource_in_place(platform: Platform, copy: Path) -> None:
    edit(copy, "environments/Pulumi.local.yaml", "    costCenter: none", "    costCenter: research")
    run = platform.up(copy)
    assert run.code == 0, run.output
    assert {"group", "workspace-workspace", "cluster-aks"} <= run.changes["updated"]
    assert not run.changes["replaced"] | run.changes["deleted"] | run.changes["created"], run.output
    assert platform.up().code == 0


def test_a_removed_block_is_deleted(platform: Platform, copy: Path) -> None:
    source = copy / "infra" / "__main__.py"
    text = source.read_text()
    begin = text.index('Diagnostics("')
    end = text.index("\n", begin) + 1
    source.write_text(text[:begin] + text[end:])
    run = platform.up(copy)
    assert run.code == 0, run.output
    assert run.changes["deleted"]
    assert all(name.startswith("diagnostics") for name in changed(run)), run.output
    back = platform.up()
    assert back.code == 0
    assert run.changes["deleted"] <= back.changes["created"] | {"diagnostics"}


def test_a_prefix_that_azure_refuses_is_refused_in_its_words(platform: Platform, copy: Path) -> None:
    space = "    addressSpace: 10.20.0.0/16"
    edit(copy, "environments/Pulumi.local.yaml", space, f"{space}\n    subnets: {{endpoints: 10.20.200.0/24}}")
    run = platform.up(copy)
    assert run.code == 1
    assert "InUse" in run.output, run.output
    assert "Traceback" not in run.output
    assert platform.up().code == 0, "what was refused has changed nothing for good"


def test_destroy_leaves_nothing(tmp_path: Path) -> None:
    one = start(StateFolder(tmp_path / "state"))
    try:
        made = one.up()
        assert made.code == 0, made.output
        gone = one.command("destroy", "local", "--yes")
        assert gone.code == 0, gone.output
        state = State(one.folder.database)
        left = [name for name in state.types() if name != "microsoft.authorization/roleassignments"]
        assignments = state.of_type("microsoft.authorization/roleassignments")
        state.close()
        assert left == []
        assert len(assignments) == len(SUBSCRIPTIONS), "the owner's own, which came with each subscription"
        again = one.up()
        assert again.code == 0, again.output
    finally:
        from azlocal import lifecycle

        lifecycle.stop(one.folder)


def test_refresh_finds_nothing_where_nothing_changed_and_puts_right_what_did(platform: Platform) -> None:
    def refresh() -> Run:
        return platform.command("up", "local", "--refresh")

    untouched = refresh()
    said = re.search(r"^refresh: (\d+) unchanged$", untouched.output, re.MULTILINE)
    assert said, untouched.output
    assert int(said[1]) > 100, "everything is read"
    assert not any(untouched.changes.values())
    with acting(platform.variables()), ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID) as client:
        client.resource_groups.update(platform.outputs["resource_group"], {"tags": {"by": "hand"}})
    found = refresh()
    assert "refresh: ~ resources:ResourceGroup group updated [diff: " in found.output, found.output
    assert found.changes == {"created": set(), "updated": {"group"}, "replaced": set(), "deleted": set()}
    assert f"{said[0]}\n" in refresh().output
