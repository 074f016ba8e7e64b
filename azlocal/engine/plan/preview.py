"""The program once more, as ``pulumi preview`` runs it the first time: what Azure computes is not known yet.

azure-native's preview passes on the inputs that are outputs too and leaves the others unknown (azure-native,
``previewOutputs``); so does this monitor. A program that needs a computed value to be there, and would break only
in Pulumi's preview, breaks here.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from pulumi.runtime.proto import resource_pb2

from azlocal.engine.deployment import Deployment
from azlocal.engine.errors import ProgramError
from azlocal.engine.monitor import Monitor
from azlocal.engine.program import run_program
from azlocal.engine.project import Project
from azlocal.engine.provider import Json
from azlocal.engine.urns import STACK_TYPE, make_urn

CODE = "BreaksInPreview"
FIX = "keep what needs the value inside `apply`, or take it from the settings instead of an output"
SOURCE = "https://www.pulumi.com/docs/iac/concepts/inputs-outputs/apply/"


class PreviewMonitor(Monitor):
    """Answers each registration with what is known of it before anything is made."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Without an id; the SDK takes a missing output as unknown."""
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=self.stack_urn)
        request = self._transforms.resource(request)
        urn = make_urn(self._stack, self._project, request.parent, request.type, request.name)
        return resource_pb2.RegisterResourceResponse(urn=urn, object=_known(request))


def breaks(project: Project, deployment: Deployment) -> list[Json]:
    """The problem that the program has with unknown outputs, if it has one.

    ``deployment`` is of an empty Azure, and answers the program's functions.
    """
    monitor = PreviewMonitor(deployment, project.name, project.stack)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # what the program prints has been shown by the first run
            run_program(project, monitor, planning=True, note=lambda *_: None)
    except ProgramError as error:
        where = str(project.main.relative_to(project.root))
        return [
            {
                "code": CODE,
                "message": f"breaks in preview: {'; '.join(error.problems)}",
                "urn": monitor.stack_urn,
                "resource": where,
                "armType": "",
                "field": "",
                "fix": FIX,
                "source": SOURCE,
            }
        ]
    return []


def _known(request: Any) -> Any:
    """All inputs of a component or an object of a cluster; of Azure's resources those that are no objects."""
    if not request.custom or not request.type.startswith("azure-native:"):
        return request.object
    known = type(request.object)()
    for name, value in request.object.fields.items():
        if value.WhichOneof("kind") in {"string_value", "number_value", "bool_value"}:
            known.fields[name].CopyFrom(value)
    return known
