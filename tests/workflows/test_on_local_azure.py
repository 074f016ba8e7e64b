"""The scripts of the workflows, run as the identities that GitHub's environments have, on the local Azure."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.identity import DefaultAzureCredential
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.synapse.accesscontrol import AccessControlClient

from azlocal import lifecycle
from azlocal.entra.principals import READERS, SUBSCRIPTION_ID
from azlocal.state import StateFolder
from tests.e2e.conftest import Platform, acting, start
from tests.e2e.test_up import edit
from tests.workflows.files import ROOT

pytestmark = [pytest.mark.minutes, pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("workflows")]

DEPLOYER = "github:example-org/azure-ml-platform:local"
PREVIEWER = "github:example-org/azure-ml-platform:local-preview"
SETTINGS = "environments/Pulumi.local.yaml"
# The next environment, which takes the model from the first one's registry.
SYNAPSE_USER = "2a385764-43e8-416c-9825-7b18d05a2c4b"
SECOND = "github:example-org/azure-ml-platform:second"
OTHER_NAMES = (
    ("desk-local-1", "desk-second-1"),
    ("scoring.local.ml.internal", "scoring.second.ml.internal"),
    ("promotionRegistry: true", "promotionRegistry: false"),
    ("shortName: mlp-local", "shortName: mlp-second"),
)


@dataclass(frozen=True)
class Done:
    """How a script ended: its status, all it printed, and what it left for the page and later jobs."""

    code: int
    output: str
    summary: str
    outputs: dict[str, str]


@dataclass(frozen=True)
class Workflows:
    """A bootstrapped environment, and a repository whose workflows deploy into it."""

    platform: Platform
    project: Path

    @property
    def folder(self) -> Path:
        """Where the scripts run, and what they write comes to lie."""
        return self.project.parent

    @property
    def plan(self) -> Path:
        """The plan that is approved."""
        return self.folder / "plan.json"

    def script(self, module: str, *arguments: str, variables: dict[str, str] | None = None) -> Done:
        """Run a script as a step does."""
        page, values = self.folder / "summary.md", self.folder / "outputs.txt"
        for file in (page, values):
            file.write_text("")
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            check=False, capture_output=True, text=True, timeout=800, stdin=subprocess.DEVNULL, cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("AZURE_")},
                "PYTHONPATH": str(ROOT),
                "AZLOCAL_STATE": str(self.platform.folder.path),
                "GITHUB_STEP_SUMMARY": str(page),
                "GITHUB_OUTPUT": str(values),
                **(variables or {}),
            },
        )  # fmt: skip
        told = dict(line.split("=", 1) for line in values.read_text().splitlines())
        return Done(done.returncode, done.stdout + done.stderr, page.read_text(), told)

    def stack(self, step: str, *arguments: str, principal: str = PREVIEWER, stack: str = "local") -> Done:
        """A step of a stack's deployment."""
        local = ("--engine", "azlocal", "--as", principal, "--project", str(self.project))
        return self.script("tools.ci.stack", step, stack, *arguments, *local)

    def save(self) -> Done:
        """Plan what is to be approved."""
        return self.stack("save", "--file", str(self.plan))

    def apply(self, digest: str) -> Done:
        """Deploy what an approver let through."""
        return self.stack("apply", "--file", str(self.plan), "--digest", digest, principal=DEPLOYER)

    def bootstrap(self, stack: str) -> dict[str, str]:
        """Make the identities of an environment; what there is to know of them."""
        file = self.folder / "bootstrap.json"
        made = self.platform.command("up", stack, "--outputs", str(file), project=self.project / "infra" / "bootstrap")
        assert made.code == 0, made.output
        return dict(json.loads(file.read_text()))

    def put_right(self) -> None:
        """Bring Azure back to what the program says, as who deploys."""
        done = self.platform.command("up", "local", "--refresh", "--as", DEPLOYER, project=self.project)
        assert done.code == 0, done.output

    def variables(self, principal: str = DEPLOYER, stack: str = "local") -> dict[str, str]:
        """Those of a job that trains, deploys a model or stops a cluster: who it is, and the environment's outputs."""
        file = self.folder / f"{stack}.json"
        done = self.stack("outputs", "--file", str(file), stack=stack)
        assert done.code == 0, done.output
        return {**self.platform.variables(principal), "STACK_OUTPUTS": str(file)}

    @contextmanager
    def changed(self) -> Iterator[None]:
        """A commit that gives everything another tag; taken back afterwards."""
        edit(self.project, SETTINGS, "    costCenter: none", "    costCenter: other")
        yield
        edit(self.project, SETTINGS, "    costCenter: other", "    costCenter: none")

    def touch(self) -> str:
        """Change a resource by hand; its name in the program."""
        with (
            acting(self.platform.variables()),
            KeyVaultManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID) as azure,
        ):
            (vault,) = azure.vaults.list_by_resource_group("rg-mlp-local")
            azure.vaults.update("rg-mlp-local", str(vault.name), {"tags": {"by": "hand"}})
        return "vault-vault"


@pytest.fixture(scope="module")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflows]:
    folder = tmp_path_factory.mktemp("workflows")
    project = folder / "project"
    project.mkdir()
    for name in ("infra", "environments"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", project)
    location = "    location: westeurope\n"
    edit(project, SETTINGS, location, f"{location}    group: existing\n")
    second = project / "environments" / "Pulumi.second.yaml"
    shutil.copy(project / SETTINGS, second)
    for old, new in OTHER_NAMES:
        edit(project, f"environments/{second.name}", old, new)
    found = Workflows(start(StateFolder(folder / "state")), project)
    previewer = found.bootstrap("local")["PREVIEW_PRINCIPAL_ID"]
    edit(project, SETTINGS, "    repositoryId: 2000001\n", f"    repositoryId: 2000001\n    previewer: {previewer}\n")
    reader = found.bootstrap("second")["PRINCIPAL_ID"]
    registry = "    promotionRegistry: true\n"
    edit(project, SETTINGS, registry, f"{registry}    promotionReaders: [{reader}]\n")
    yield found
    lifecycle.stop(found.platform.folder)


@pytest.fixture(scope="module")
def deployed(bootstrapped: Workflows) -> Workflows:
    """Planned by who may look, approved, applied by who may deploy."""
    planned = bootstrapped.save()
    assert planned.code == 0, planned.output
    assert f"sha256 {planned.outputs['digest']}" in planned.summary, "an approver sees what is approved"
    applied = bootstrapped.apply(planned.outputs["digest"])
    assert applied.code == 0, applied.output
    assert re.search(r"^local: .*\d{3} created", applied.output, re.MULTILINE)
    # A cluster's body shows the pools that were made beside it afterwards: the first refresh takes them in.
    bootstrapped.put_right()
    return bootstrapped


def test_a_pull_request_is_previewed_by_who_may_only_look(deployed: Workflows) -> None:
    with deployed.changed():
        done = deployed.stack("preview")
    assert done.code == 0, done.output
    assert re.search(r"~ keyvault:Vault \S+: tags\.cost-center", done.summary), done.summary
    assert deployed.stack("drift").code == 0, "nothing has changed"


def test_another_plan_than_the_approved_is_refused(deployed: Workflows) -> None:
    approved = deployed.save().outputs["digest"]
    deployed.plan.write_text(deployed.plan.read_text().replace("westeurope", "northeurope"))
    done = deployed.apply(approved)
    assert done.code == 1
    assert "error: plan.json is not the plan that was approved" in done.output
    assert "Traceback" not in done.output
    assert deployed.apply("").code == 1, "nor is any taken where none was approved"


def test_a_program_that_changed_since_the_approval_is_refused(deployed: Workflows) -> None:
    approved = deployed.save().outputs["digest"]
    with deployed.changed():
        done = deployed.apply(approved)
    assert done.code == 1
    assert "error: the program no longer makes what" in done.output
    assert deployed.stack("drift").code == 0, "nothing has changed"


def test_a_world_that_changed_since_the_approval_is_refused(deployed: Workflows) -> None:
    approved = deployed.save().outputs["digest"]
    vault = deployed.touch()
    done = deployed.apply(approved)
    assert done.code == 1
    assert re.search(rf"error: local was changed since \S+ was planned: {vault}\n", done.output), done.output
    assert deployed.stack("drift").code == 1, "and is left as it is"
    again = deployed.save().outputs["digest"]
    assert deployed.apply(again).code == 0, "planned and approved anew"
    assert deployed.stack("drift").code == 0


def test_who_may_only_look_changes_nothing(deployed: Workflows) -> None:
    with deployed.changed():
        run = deployed.platform.command("up", "local", "--as", PREVIEWER, project=deployed.project)
    assert run.code == 1
    assert "AuthorizationFailed" in run.output
    assert not any(run.changes.values()), run.output
    put_right = deployed.platform.command("up", "local", "--as", DEPLOYER, project=deployed.project)
    assert put_right.code == 0, put_right.output


def test_drift_is_found_by_who_may_only_look(deployed: Workflows) -> None:
    agrees = deployed.stack("drift")
    assert agrees.code == 0, agrees.output
    assert "local: program and world agree" in agrees.summary
    vault = deployed.touch()
    differs = deployed.stack("drift")
    assert differs.code == 1
    assert re.search(rf"~ keyvault:Vault {vault} would be updated", differs.output), differs.output
    deployed.put_right()
    assert deployed.stack("drift").code == 0


def test_drift_of_what_synapse_keeps_is_found_too(deployed: Workflows) -> None:
    workspace = json.loads(Path(deployed.variables()["STACK_OUTPUTS"]).read_text())["synapse_workspace"]
    with (
        acting(deployed.platform.variables()),
        DefaultAzureCredential() as signed,
        AccessControlClient(signed, f"https://{workspace}.dev.azuresynapse.net") as synapse,
    ):
        roles = synapse.role_assignments
        found = [one for one in roles.list_role_assignments().value if one.role_definition_id == SYNAPSE_USER]
        (reader,) = [one for one in found if one.principal_id == READERS.object_id]
        roles.delete_role_assignment_by_id(reader.id)
    differs = deployed.stack("drift")
    assert differs.code == 1
    assert "spark-access-reader-synapse-user" in differs.output, differs.output
    deployed.put_right()
    assert deployed.stack("drift").code == 0


def test_the_cluster_stops_for_the_night_and_starts_again(deployed: Workflows) -> None:
    variables = deployed.variables()
    off = deployed.script("tools.ci.night", "stop", variables=variables)
    assert off.code == 0, off.output
    assert "governance.nightStop is off" in off.summary
    outputs = Path(variables["STACK_OUTPUTS"])
    told = {**json.loads(outputs.read_text()), "night_stop": True}
    outputs.write_text(json.dumps(told))

    def state() -> str | None:
        with (
            acting(deployed.platform.variables()),
            ContainerServiceClient(DefaultAzureCredential(), SUBSCRIPTION_ID) as client,
        ):
            found = client.managed_clusters.get(told["resource_group"], told["kubernetes_cluster"])
            return found.power_state.code if found.power_state else None

    said = []
    for action, wanted in (("stop", "Stopped"), ("stop", "Stopped"), ("start", "Running")):
        done = deployed.script("tools.ci.night", action, variables=variables)
        assert done.code == 0, done.output
        assert state() == wanted
        said.append(done.summary.strip().removeprefix(told["kubernetes_cluster"]))
    assert said == [" is stopped now.", " is stopped already.", " is running now."]


@pytest.fixture(scope="module")
def trained(deployed: Workflows) -> Workflows:
    done = deployed.script("tools.ci.model", "train", variables=deployed.variables())
    assert done.code == 0, done.output
    assert "### Trained and registered" in done.summary
    assert "model flight-delay:1 registered" in done.output
    return deployed


def test_a_model_is_trained_compared_registered_and_deployed(trained: Workflows) -> None:
    rolled_out = trained.script("tools.ci.model", "deploy", variables=trained.variables())
    assert rolled_out.code == 0, rolled_out.output
    assert re.search(r"### Deployed\n\n`https://\S+/score`", rolled_out.summary)
    assert "traffic blue 100 %" in rolled_out.output


def test_a_model_is_promoted_through_the_registry(trained: Workflows) -> None:
    shared = trained.script("tools.ci.model", "share", variables=trained.variables())
    assert shared.code == 0, shared.output
    assert re.search(r"`flight-delay:1` with the registry `mlr-\S+`, judged by\n\n\|", shared.summary), shared.summary
    again = trained.script("tools.ci.model", "share", "--version", "1", variables=trained.variables())
    assert (again.code, again.outputs) == (0, shared.outputs), "shared twice changes nothing"
    # Another job, in another environment: it has the artifact and nothing else of what was before.
    left, folder = trained.folder / "left", trained.folder / "build" / "ml"
    shutil.rmtree(left, ignore_errors=True)
    shutil.move(folder, left)
    shutil.copytree(left / "promotion", folder / "promotion")
    second = trained.platform.command("up", "second", "--as", SECOND, project=trained.project)
    assert second.code == 0, second.output
    variables, approved = trained.variables(SECOND, "second"), ("--digest", shared.outputs["digest"])
    another = trained.script("tools.ci.model", "promote", "--digest", "0" * 64, variables=variables)
    assert another.code == 1
    assert "error: promotion.json is not what was approved: its sha256 is" in another.output
    looking = trained.variables(f"{SECOND}-preview", "second")
    refused = trained.script("tools.ci.model", "promote", *approved, variables=looking)
    assert refused.code == 1
    assert "registries/read" in "".join(refused.output.split()), refused.output
    sample = folder / "promotion" / "sample.csv"
    words = sample.read_text()
    sample.write_text(words.replace("EWR", "JFK"))
    changed = trained.script("tools.ci.model", "promote", *approved, variables=variables)
    assert changed.code == 1
    assert "is not as `ml share` left it: sample.csv" in " ".join(changed.output.split()), changed.output
    sample.write_text(words)
    promoted = trained.script("tools.ci.model", "promote", *approved, variables=variables)
    assert promoted.code == 0, promoted.output
    assert "deploy flight-delay:1 as blue" in promoted.output
    assert "smoke test of blue: 5 flights, answers as in the evaluation" in promoted.output
    assert "traffic blue 100 %" in promoted.output
    assert re.search(r"### Deployed\n\n`https://scoring.second.ml.internal/\S+/score`", promoted.summary)


def test_what_fails_ends_the_workflow_with_a_sentence(deployed: Workflows) -> None:
    missing = deployed.script("tools.ci.model", "train", variables={"STACK_OUTPUTS": "nowhere"})
    assert missing.code == 1
    assert "error: STACK_OUTPUTS names no file\nhint: write it with" in missing.output
    refused = deployed.script("tools.ci.model", "train", variables=deployed.variables(PREVIEWER))
    assert refused.code == 1
    assert "Azure refused" in refused.output
    assert "Traceback" not in refused.output
    assert refused.summary == ""
