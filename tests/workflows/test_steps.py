"""What a step does where GitHub, or the Pulumi CLI, would be: how both are spoken to, and what is refused before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.ci import job, model, reach, sign_in, stack
from tools.ci.engines import Pulumi

Calls = Callable[[], list[list[str]]]

CLI = """#!{python}
import json, pathlib, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
print("a warning", file=sys.stderr)
state = pathlib.Path({log!r}).with_name("state")
if "export" in sys.argv:
    manifest = {{"time": state.read_text()}} if state.exists() else {{}}
    print(json.dumps({{"version": 3, "deployment": {{"manifest": manifest}}}}))
else:
    print('{{"name": "value"}}' if "output" in sys.argv else "Previewing update")
if "--plan" in sys.argv:
    print(pathlib.Path(sys.argv[-1]).read_text())
if "--save-plan" in sys.argv:
    pathlib.Path(sys.argv[-1]).write_text('{{"manifest": 1}}')
sys.exit({status})
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run's page; values for later jobs are beside it."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs.txt"))
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env.txt"))
    return tmp_path / "summary.md"


@pytest.fixture
def pulumi(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A program of the CLI's name that writes down how it was called."""
    install(tmp_path, monkeypatch)

    def calls() -> list[list[str]]:
        log = tmp_path / "calls.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    return calls


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int = 0) -> None:
    import sys

    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "pulumi"
    program.write_text(CLI.format(python=sys.executable, log=str(folder / "calls.jsonl"), status=status))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"))


def run(folder: Path, *arguments: str) -> int:
    return stack.main([*arguments, "--project", str(folder)])


def test_a_plan_is_saved_told_and_applied_by_its_digest(tmp_path: Path, page: Path, pulumi: Calls) -> None:
    file = tmp_path / "deep" / "plan.json"
    assert run(tmp_path, "save", "prod", "--file", str(file)) == 0
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (tmp_path / "outputs.txt").read_text() == f"digest={digest}\n"
    assert f"<summary>Plan of prod, sha256 {digest}</summary>\n\n```text\n" in page.read_text()
    assert "\nPreviewing update\n" in page.read_text()
    assert run(tmp_path, "apply", "prod", "--file", str(file), "--digest", digest) == 0
    assert '{"manifest": 1}' in page.read_text().rpartition("Deployment of prod")[2], "it is what the CLI saved"
    usual = ["--non-interactive", "--cwd", str(tmp_path)]
    judged = ["--policy-pack", str(tmp_path / "infra" / "policy")]
    export = [*usual, "stack", "export", "--stack", "prod"]
    (start, saved), (again, applied) = pulumi()[:2], pulumi()[2:]
    assert start == again == export
    assert saved[:-1] == [*usual, "preview", "--stack", "prod", "--diff", *judged, "--save-plan"]
    assert applied[:-1] == [*usual, "up", "--stack", "prod", "--yes", *judged, "--plan"]


def test_a_plan_of_another_state_is_refused(tmp_path: Path, pulumi: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    file, state = tmp_path / "plan.json", tmp_path / "state"
    state.write_text("2026-10-01T09:00:00Z")
    assert run(tmp_path, "save", "prod", "--file", str(file)) == 0
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    state.write_text("2026-10-01T09:30:00Z")
    assert run(tmp_path, "apply", "prod", "--file", str(file), "--digest", digest) == 1
    assert [call[3] for call in pulumi()] == ["stack", "preview", "stack"]
    said = capsys.readouterr().err
    assert "error: prod was changed since it was planned: its state is of 2026-10-01T09:30:00Z" in said
    assert "hint: run the whole workflow again" in said


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_nothing_but_the_approved_plan_is_applied(
    tmp_path: Path, pulumi: Calls, digest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}")
    assert run(tmp_path, "apply", "prod", "--file", str(file), "--digest", digest) == 1
    assert pulumi() == []
    said = capsys.readouterr().err
    assert said.startswith("error: plan.json is not the plan that was approved")
    assert "approved anew" in said
    assert run(tmp_path, "apply", "prod", "--file", str(tmp_path / "none"), "--digest", digest) == 1
    assert "none can't be read: No such file" in capsys.readouterr().err


def test_drift_preview_and_outputs(tmp_path: Path, pulumi: Calls) -> None:
    outputs = tmp_path / "out" / "outputs.json"
    assert run(tmp_path, "drift", "dev") == 0
    assert run(tmp_path, "preview", "dev", "--file", str(tmp_path / "dev.md")) == 0
    assert "<summary>What would change in dev</summary>" in (tmp_path / "dev.md").read_text()
    assert run(tmp_path, "outputs", "dev", "--file", str(outputs)) == 0
    assert [call[3:] for call in pulumi()] == [
        ["preview", "--stack", "dev", "--diff", "--refresh", "--expect-no-changes"],
        ["preview", "--stack", "dev", "--diff", "--policy-pack", str(tmp_path / "infra" / "policy")],
        ["stack", "output", "--stack", "dev", "--json"],
    ]
    assert json.loads(outputs.read_text()) == {"name": "value"}


def test_what_the_cli_refuses_ends_the_step(
    tmp_path: Path, page: Path, pulumi: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, monkeypatch, status=255)
    assert run(tmp_path, "drift", "dev") == 1
    shown = capsys.readouterr()
    assert "Previewing update" in shown.out
    assert "--expect-no-changes` ended with status 255\nhint: " in shown.err
    assert "<summary>dev is not what its program says</summary>" in page.read_text()
    assert run(tmp_path, "preview", "dev") == 1
    assert "What would change" not in page.read_text(), "nothing is told as done"


def test_without_the_cli_a_sentence_says_so(
    tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(tmp_path, "drift", "dev") == 1
    assert "error: there is no program pulumi\nhint: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "--help me", "a b", "dev;ls", "$(x)"])
def test_a_stack_has_a_name(tmp_path: Path, pulumi: Calls, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert stack.main(["drift", "--project", str(tmp_path), "--", name]) == 1
    assert "is no name of a stack" in capsys.readouterr().err
    assert pulumi() == []


@pytest.mark.parametrize("arguments", [("save", "dev"), ("outputs", "dev"), ("what", "dev")])
def test_a_wrong_call_is_told(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        stack.main([*arguments])
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_what_is_told_can_t_leave_its_block(page: Path) -> None:
    class Telling(Pulumi):
        said = "```\n</details>\n````\n" + "x" * 2_000_000

        def preview(self, stack: str) -> str:
            return self.said

    stack.preview(Telling(), "dev")
    assert len(page.read_bytes()) < 1024**2
    Telling.said = "a ```` b"
    stack.preview(Telling(), "dev")
    assert "\n`````text\na ```` b\n`````\n" in page.read_text()


GOOD = {
    "AZURE_CLIENT_ID": "11111111-1111-4111-8111-111111111111",
    "AZURE_TENANT_ID": "22222222-2222-4222-8222-222222222222",
    "AZURE_SUBSCRIPTION_ID": "33333333-3333-4333-8333-333333333333",
    "PULUMI_BACKEND_URL": "azblob://state?storage_account=stmystate",
}


def environment(monkeypatch: pytest.MonkeyPatch, **other: str) -> None:
    for name, value in {**GOOD, **other}.items():
        monkeypatch.setenv(name, value)


def test_the_programs_of_a_job_are_told_where_to_sign_in(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch)
    assert sign_in.main() == 0
    told = dict(line.split("=", 1) for line in (page.parent / "env.txt").read_text().splitlines())
    assert told == {
        "ARM_USE_OIDC": "true",
        "ARM_CLIENT_ID": GOOD["AZURE_CLIENT_ID"],
        "ARM_TENANT_ID": GOOD["AZURE_TENANT_ID"],
        "ARM_SUBSCRIPTION_ID": GOOD["AZURE_SUBSCRIPTION_ID"],
        "AZURE_SUBSCRIPTION_ID": GOOD["AZURE_SUBSCRIPTION_ID"],
        "PULUMI_BACKEND_URL": GOOD["PULUMI_BACKEND_URL"],
        "AAD_LOGIN_METHOD": "azurecli",
    }


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["", "x", f"{GOOD['AZURE_CLIENT_ID']}\nPATH=/mine"])
def test_an_environment_that_is_not_set_up_is_told_what_it_lacks(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    environment(monkeypatch, **{name: value})
    assert sign_in.main() == 1
    assert f"{name} is {value!r}" in capsys.readouterr().err
    assert not (page.parent / "env.txt").exists(), "nothing is half told"


def test_a_value_of_several_lines_is_no_value(page: Path) -> None:
    for tell in (job.output, job.variable):
        with pytest.raises(ValueError, match="several lines"):
            tell("name", "one\nother=two")


def test_outside_of_a_job_a_value_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    job.output("digest", "abc")
    assert capsys.readouterr().out == "digest=abc\n"


def test_what_a_runner_reaches_is_read_from_variables(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNNER_DEV", '"ubuntu-24.04"')
    monkeypatch.setenv("RUNNER_STAGING", "")
    monkeypatch.setenv("RUNNER_PROD", '["self-hosted", "mlp-prod"]')
    assert reach.main() == 0
    (told,) = (page.parent / "outputs.txt").read_text().splitlines()
    assert json.loads(told.removeprefix("environments=")) == [
        {"environment": "dev", "runner": '"ubuntu-24.04"'},
        {"environment": "prod", "runner": '["self-hosted", "mlp-prod"]'},
    ]
    for wrong in ("ubuntu-24.04", "{}", "[]", '[""]', "7"):
        monkeypatch.setenv("RUNNER_DEV", wrong)
        assert reach.main() == 1
        said = capsys.readouterr().err
        assert said.startswith(f"error: RUNNER_DEV is {wrong!r}\nhint: write the labels as JSON")


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_only_what_was_shared_is_promoted(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], digest: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs.json").write_text("{}")
    monkeypatch.setenv("STACK_OUTPUTS", "outputs.json")
    monkeypatch.setattr(model, "BIN", tmp_path / "nothing runs")
    assert model.main(["promote", "--digest", digest]) == 1
    assert "promotion.json can't be read" in capsys.readouterr().err
    model.NOTE.parent.mkdir(parents=True)
    model.NOTE.write_text("{}")
    assert model.main(["promote", "--digest", digest]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: promotion.json is not what was approved: its sha256 is")
    assert "nothing runs" not in said
