"""Rules that every workflow keeps, and that what it names is there."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
import yaml

from tests.workflows.files import GITHUB, ROOT, actions, jobs, lines, modules, steps, uses, workflows
from tools.ci import reach

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
OURS = re.compile(r"\$/(\.github/(?:actions/[a-z]+|workflows/[a-z-]+\.yml))")
SIGNED_IN = {
    "pull-request.yml:preview", "stack.yml:plan", "stack.yml:apply", "compare.yml:compare", "night.yml:cluster",
    "rollout.yml:train", "rollout.yml:deploy", "promote.yml:share", "promotion.yml:deploy",
}  # fmt: skip
COMMENTING = {"pull-request.yml:comment", "pull-request.yml:changes"}
EXPRESSION = "${{"


def test_there_are_the_workflows_that_the_docs_promise() -> None:
    assert {"pull-request.yml", "deploy.yml", "model.yml", "drift.yml", "night.yml"} <= workflows().keys()
    assert len(dict(steps())) == len(list(steps())), "two steps of a job have one name"


def test_every_action_is_pinned_by_its_commit_or_is_our_own() -> None:
    found = [(where, one["uses"]) for where, one in uses()]
    assert len(found) > 40
    assert [one for one in found if not (PINNED.fullmatch(one[1]) or OURS.fullmatch(one[1]))] == []


def test_a_pin_has_one_tag_and_a_tag_one_pin() -> None:
    tags: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for _, line in lines():
        if found := re.search(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40})(?: # (v[\d.]+))?$", line):
            assert found[3], f"which tag is it? {line}"
            tags[found[1]].add((found[2], found[3]))
    assert len(tags) >= 9
    assert {name: pins for name, pins in tags.items() if len(pins) > 1} == {}


@pytest.mark.parametrize("where", dict(jobs()))
def test_a_job_has_an_end_a_name_and_no_more_rights_than_it_says(where: str) -> None:
    job = dict(jobs())[where]
    assert job["name"]
    assert job["permissions"], where
    if "uses" not in job:  # a called workflow's jobs have their own
        assert 5 <= job["timeout-minutes"] <= 120
        assert ("id-token" in job["permissions"]) == (where in SIGNED_IN)
    writes = {name for name, level in job["permissions"].items() if level != "read"}
    assert writes <= {"id-token", "pull-requests", "issues"}
    assert ("pull-requests" in writes) == (where in COMMENTING)
    assert ("issues" in writes) == (where == "compare.yml:report" or where.startswith("drift.yml:"))


@pytest.mark.parametrize("name", workflows())
def test_a_workflow_gives_nothing_and_is_not_started_by_strangers_with_rights(name: str) -> None:
    workflow = workflows()[name]
    assert workflow["permissions"] == {}
    triggers = set(workflow["on"])
    assert triggers <= {"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"}
    if triggers != {"workflow_call"}:
        assert workflow["concurrency"]["group"]
        assert workflow["concurrency"]["cancel-in-progress"] is (name == "pull-request.yml")


def test_no_expression_stands_in_a_script_and_no_secret_anywhere() -> None:
    scripts = [(where, step["run"]) for where, step in steps() if "run" in step]
    assert len(scripts) > 12
    assert [one for one in scripts if EXPRESSION in one[1]] == []
    assert [line for _, line in lines() if "secrets." in line or "secrets:" in line] == []


def test_a_checkout_keeps_no_credential() -> None:
    found = [step for _, step in steps() if str(step.get("uses")).startswith("actions/checkout@")]
    assert len(found) > 10
    assert all(step["with"]["persist-credentials"] is False for step in found)


@pytest.mark.parametrize("where", sorted(SIGNED_IN))
def test_who_signs_in_does_so_in_an_environment_and_by_its_variables(where: str) -> None:
    job = dict(jobs())[where]
    assert job["environment"]
    (azure,) = [step for step in job["steps"] if step.get("uses") == "$/.github/actions/azure"]
    assert all(value.startswith("${{ vars.") for value in azure["with"].values())


def test_code_of_a_pull_request_never_meets_an_identity_that_may_write() -> None:
    environments = {
        where: job["environment"]
        for where, job in jobs()
        if where.startswith("pull-request.yml:") and "environment" in job
    }
    looking = {"name": "${{ matrix.environment }}-preview", "deployment": False}
    assert environments == {"pull-request.yml:preview": looking}
    preview = workflows()["pull-request.yml"]["jobs"]["preview"]
    assert preview["strategy"]["fail-fast"] is False
    assert "head.repo.full_name == github.repository" in preview["if"]


def test_what_applies_is_held_to_the_digest_of_what_was_planned() -> None:
    stack = workflows()["stack.yml"]["jobs"]
    (step,) = [one for one in stack["apply"]["steps"] if one["name"] == "Apply"]
    assert step["env"]["DIGEST"] == "${{ needs.plan.outputs.digest }}"
    assert '--digest "$DIGEST"' in step["run"]
    assert stack["plan"]["outputs"]["digest"] == "${{ steps.plan.outputs.digest }}"
    assert stack["apply"]["environment"] == "${{ inputs.environment }}"
    order = workflows()["deploy.yml"]["jobs"]
    assert [order[name].get("needs") for name in ("dev", "staging", "prod")] == [None, "dev", "staging"]


@pytest.mark.parametrize("where", [where for where, one in uses() if one["uses"].startswith("$/")])
def test_what_is_called_here_exists_and_takes_what_it_is_given(where: str) -> None:
    one = dict(uses())[where]
    path = ROOT / one["uses"].removeprefix("$/")
    found = actions()[path.name] if path.is_dir() else workflows()[path.name]["on"]["workflow_call"]
    inputs = found.get("inputs", {})
    assert one.get("with", {}).keys() <= inputs.keys()
    assert {name for name, told in inputs.items() if told.get("required")} <= one.get("with", {}).keys()


def test_every_script_that_is_named_exists_and_every_script_is_used() -> None:
    programs = {
        f"tools.ci.{path.stem}"
        for path in (ROOT / "tools" / "ci").glob("*.py")
        if '__name__ == "__main__"' in path.read_text()
    }
    assert modules() == programs
    assert len(programs) >= 6


def test_every_target_of_make_that_is_named_exists() -> None:
    scripts = [str(step.get("run", "")) for _, step in steps()]
    named = {name for script in scripts for made in re.findall(r"\bmake ([a-z -]+)", script) for name in made.split()}
    assert {"lint", "lint-workflows", "test", "up", "test-kubernetes", "setup"} <= named
    there = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named <= there


def test_versions_are_those_of_the_locks_and_the_settings() -> None:
    (pulumi,) = [step for _, step in steps() if str(step.get("uses")).startswith("pulumi/actions@")]
    assert f"pulumi=={pulumi['with']['pulumi-version']} " in (ROOT / "locks" / "platform.txt").read_text()
    (kind,) = [step for _, step in steps() if str(step.get("uses")).startswith("helm/kind-action@")]
    settings = yaml.safe_load((ROOT / "environments" / "Pulumi.local.yaml").read_text())["config"]
    version = settings["azure-ml-platform:cluster"]["kubernetesVersion"]
    assert re.fullmatch(rf"kindest/node:v{re.escape(version)}\.\d+@sha256:[0-9a-f]{{64}}", kind["with"]["node_image"])


def test_what_is_planned_or_applied_is_judged_by_the_rules() -> None:
    judged = 0
    for where, job in jobs():
        names = [str(step.get("run")) for step in job.get("steps", [])]
        for number, script in enumerate(names):
            if re.search(r"tools\.ci\.stack (preview|save|apply) ", script):
                judged += 1
                assert "make policy-pack" in names[:number], where
    assert judged == 3


def test_an_environment_is_changed_by_one_at_a_time() -> None:
    order = workflows()["deploy.yml"]["jobs"]
    groups = {name: job["concurrency"] for name, job in order.items()}
    assert groups == {name: {"group": f"stack-{name}", "cancel-in-progress": False} for name in order}
    assert workflows()["night.yml"]["jobs"]["cluster"]["concurrency"] == groups["dev"]


def test_a_model_is_promoted_in_order_and_is_the_one_that_was_shared() -> None:
    jobs = workflows()["promote.yml"]["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "share": None,
        "staging": "share",
        "prod": ["share", "staging"],
    }
    assert jobs["share"]["environment"] == "dev"
    for name in ("staging", "prod"):
        assert jobs[name]["with"] == {
            "environment": name,
            "runner": f"${{{{ vars.RUNNER_{name.upper()} }}}}",
            "digest": "${{ needs.share.outputs.digest }}",
        }
        assert jobs[name]["concurrency"]["group"] == f"model-{name}", "not while model.yml deploys there"
    deploy = workflows()["promotion.yml"]["jobs"]["deploy"]
    assert deploy["environment"] == "${{ inputs.environment }}", "which approves"
    (step,) = [one for one in deploy["steps"] if "tools.ci.model promote" in str(one.get("run"))]
    assert step["env"] == {"DIGEST": "${{ inputs.digest }}"}


def test_a_cache_depends_on_the_locks() -> None:
    caches = [step["with"]["key"] for _, step in steps() if str(step.get("uses")).startswith("actions/cache@")]
    read = {found for key in caches for found in re.findall(r"hashFiles\('(.+)'\)", key)}
    assert read == {"locks/**", "tools/workflows/go.*"}
    assert all(list(ROOT.glob(pattern)) for pattern in read)


def test_a_time_that_is_asked_for_is_one_of_the_workflow() -> None:
    asked = 0
    for name, workflow in workflows().items():
        text = (GITHUB / "workflows" / name).read_text()
        crons = {one["cron"] for one in workflow["on"].get("schedule", [])}
        for cron in re.findall(r"github\.event\.schedule [!=]= '([^']+)'", text):
            asked += 1
            assert cron in crons
    assert asked == 2


def test_environments_are_those_that_have_settings() -> None:
    there = {path.name.split(".")[1] for path in (ROOT / "environments").glob("Pulumi.*.yaml")} - {"local"}
    for name in ("deploy.yml", "drift.yml", "model.yml"):
        assert workflows()[name]["jobs"].keys() == there
        for job in workflows()[name]["jobs"].values():
            assert job["with"]["runner"] == f"${{{{ vars.RUNNER_{job['with']['environment'].upper()} }}}}"


def test_a_preview_is_of_each_environment_that_a_runner_reaches() -> None:
    jobs = workflows()["pull-request.yml"]["jobs"]
    (step,) = [one for one in jobs["reach"]["steps"] if one.get("id") == "reach"]
    assert step["env"] == {
        reach.variable(name): f"${{{{ vars.{reach.variable(name)} }}}}" for name in reach.environments()
    }
    assert jobs["preview"]["strategy"]["matrix"] == {"include": "${{ fromJSON(needs.reach.outputs.environments) }}"}


def test_the_docs_tell_of_each_workflow_variable_and_script() -> None:
    docs = (ROOT / "docs" / "workflows.md").read_text()
    variables = {name for _, line in lines() for name in re.findall(r"vars\.([A-Z_]+)", line)}
    assert len(variables) >= 7
    assert [word for word in (*variables, *workflows(), *modules()) if word not in docs] == []


def test_the_linters_leave_out_nothing_but_what_is_told() -> None:
    ignored = yaml.safe_load((GITHUB / "actionlint.yaml").read_text())
    assert list(ignored) == ["paths"]
    patterns = [pattern for one in ignored["paths"].values() for pattern in one["ignore"]]
    assert len(patterns) == 2
    assert all(r"\$/" in pattern for pattern in patterns)
    assert not [name for name in ("zizmor.yml", "zizmor.yaml") if (ROOT / name).exists() or (GITHUB / name).exists()]
    assert [line for _, line in lines() if "zizmor:" in line] == []
