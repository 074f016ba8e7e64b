"""What the engine plans for an environment, with its own settings or others."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from azlocal.engine.deployment import Deployment
from azlocal.engine.events import Silent
from azlocal.engine.monitor import Monitor
from azlocal.engine.plan.runner import World
from azlocal.engine.program import run_program
from azlocal.engine.project import load_project
from azlocal.engine.values import reveal
from infra.policy.model import Resource
from tests.infra.program import PROJECT, ROOT


def deployment_of(environment: str, values: Mapping[str, Any] | None = None) -> Deployment:
    """The planned deployment: records with inputs, and what would be sent of each."""
    project = load_project(ROOT, environment)
    if values is not None:
        config = {f"{PROJECT}:{key}": json.dumps(value) for key, value in values.items()}
        project = dataclasses.replace(project, config=config)
    deployment = World(project).deployment(Silent())
    run_program(project, Monitor(deployment, project.name, project.stack), planning=True, note=lambda *_: None)
    assert not deployment.summary.failures
    return deployment


def resources_of(deployment: Deployment) -> dict[str, Resource]:
    """What goes to Azure, by logical name."""
    found = (
        (record, deployment.checked.get(record.urn))
        for record in deployment.state.records.values()
        if record.type.startswith("azure-native:")
    )
    made = [
        Resource(one.urn, one.urn.rsplit("::", 1)[-1], one.arm_type, one.id, copy.deepcopy(reveal(checked.body)))
        for one, checked in found
        if checked
    ]
    return {one.label: one for one in made}
