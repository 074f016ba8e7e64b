"""Compute instances: a person's workstation in the network, stopped at night and when nobody uses it."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra import settings
from infra.settings.ml import Person


def properties(
    given: settings.Instances, person: Person, tenant_id: str, subnet_id: pulumi.Input[str] | None
) -> ml.ComputeInstanceArgs:
    """One person's instance (machine-learning/how-to-create-compute-instance)."""
    return ml.ComputeInstanceArgs(
        compute_type="ComputeInstance",
        disable_local_auth=True,
        properties=ml.ComputeInstancePropertiesArgs(
            vm_size=given.vm_size,
            application_sharing_policy="Personal",
            compute_instance_authorization_type="personal",
            personal_compute_instance_settings=ml.PersonalComputeInstanceSettingsArgs(
                assigned_user=ml.AssignedUserArgs(object_id=str(person.object_id), tenant_id=tenant_id)
            ),
            enable_node_public_ip=False,
            ssh_settings=ml.ComputeInstanceSshSettingsArgs(ssh_public_access="Disabled"),
            subnet=ml.ResourceIdArgs(id=subnet_id) if subnet_id is not None else None,
            idle_time_before_shutdown=f"PT{given.idle_minutes}M",
            schedules=ml.ComputeSchedulesArgs(compute_start_stop=_schedules(given)),
        ),
    )


def _schedules(given: settings.Instances) -> list[ml.ComputeStartStopScheduleArgs]:
    wanted = {"Stop": given.stop, "Start": given.start}
    return [
        ml.ComputeStartStopScheduleArgs(
            action=action,
            status="Enabled",
            trigger_type="Cron",
            cron=ml.CronArgs(expression=expression, time_zone=given.time_zone),
        )
        for action, expression in wanted.items()
        if expression is not None
    ]
