"""What a plan takes for granted: a resource group that a program reads and does not make."""

from __future__ import annotations

from azlocal.engine.azure import RESOURCE_GROUP, RESOURCE_GROUPS_VERSION, AzureProvider
from azlocal.engine.plan.shapes import refuse_misshapen
from azlocal.engine.ports import call
from azlocal.engine.provider import Checked, Goal, Json

LOCATION = "westeurope"  # of a group whose location nothing says


class AssumingAzure(AzureProvider):
    """An empty Azure that gets a resource group the moment a program looks it up."""

    def create(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """PUT, once the inputs have been held against the SDK's own classes."""
        refuse_misshapen(goal.type, checked.inputs)
        return super().create(goal, checked, timeout)

    def read(self, goal: Goal, id_: str, version: str = "") -> Json | None:
        """GET, as outputs; of a group always found."""
        found = super().read(goal, id_, version)
        if found is not None or not goal.type.endswith(RESOURCE_GROUP):
            return found
        location = str(goal.settings.get("location") or LOCATION)
        call(self._port, "PUT", id_, RESOURCE_GROUPS_VERSION, {"location": location})
        return super().read(goal, id_, version)
