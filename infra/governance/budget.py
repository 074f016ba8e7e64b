"""The budget: what the environment may cost in a month, and who hears of it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import consumption

from infra import settings
from infra.block import Block, Placement

# Of the budget in percent: what has been spent, and what the month will come to.
NOTIFICATIONS: dict[str, tuple[str, float]] = {
    "spent-half": ("Actual", 50),
    "spent-most": ("Actual", 90),
    "spent-all": ("Actual", 100),
    "forecast-all": ("Forecasted", 100),
    "forecast-more": ("Forecasted", 120),
}


@dataclass(frozen=True)
class BudgetArgs:
    """Args: placement; budget: the amount; group_id: the resource group it counts; alerts: who is told, and how."""

    placement: Placement
    budget: settings.Budget
    group_id: pulumi.Input[str]
    alerts: settings.Alerts
    action_group_id: pulumi.Input[str]


class Budget(Block):
    """A monthly budget of the resource group, with notifications for what is spent and what is forecast.

    Azure takes a first day of a month that is not over, and no change of it afterwards
    (cost-management-billing/costs/tutorial-acm-create-budgets): the month it is made in, and never looked at again.
    """

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        first = datetime.datetime.now(datetime.UTC).date().replace(day=1)
        made = consumption.Budget(
            f"{name}-month",
            scope=args.group_id,
            budget_name=place.names.of("budget"),
            category="Cost",
            time_grain="Monthly",
            amount=args.budget.amount,
            time_period=consumption.BudgetTimePeriodArgs(start_date=f"{first.isoformat()}T00:00:00Z"),
            notifications={
                key: consumption.NotificationArgs(
                    enabled=True,
                    operator="GreaterThanOrEqualTo",
                    threshold=threshold,
                    threshold_type=kind,
                    contact_emails=list(args.alerts.emails),
                    contact_groups=[args.action_group_id],
                )
                for key, (kind, threshold) in NOTIFICATIONS.items()
            },
            opts=pulumi.ResourceOptions.merge(self.child(), pulumi.ResourceOptions(ignore_changes=["timePeriod"])),
        )
        self.register_outputs({"id": made.id})
