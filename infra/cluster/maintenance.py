"""When AKS may upgrade the cluster and its nodes (aks/planned-maintenance)."""

from __future__ import annotations

from pulumi_azure_native import containerservice as aks

from infra import settings

CONFIGURATIONS = {"cluster": "aksManagedAutoUpgradeSchedule", "nodes": "aksManagedNodeOSUpgradeSchedule"}
"""AKS takes these names and no others for the two schedules."""


def windows(given: settings.Maintenance) -> dict[str, tuple[str, aks.MaintenanceWindowArgs]]:
    """For each thing to upgrade, the name of its configuration and its window."""
    chosen = {"cluster": given.cluster, "nodes": given.nodes}
    return {kind: (name, _window(chosen[kind])) for kind, name in CONFIGURATIONS.items()}


def _window(given: settings.Window) -> aks.MaintenanceWindowArgs:
    return aks.MaintenanceWindowArgs(
        schedule=aks.ScheduleArgs(weekly=aks.WeeklyScheduleArgs(day_of_week=given.day, interval_weeks=1)),
        start_time=given.start,
        duration_hours=given.hours,
        utc_offset=given.utc_offset,
    )
