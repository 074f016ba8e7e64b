"""Microsoft.Consumption: budgets (REST reference, "Budgets - Create Or Update")."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.types import Json, NameRule, Namespace, Reference, ResourceType, Scope
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

MAX_NOTIFICATIONS = 5
MAX_FUTURE_MONTHS = 12
EARLIEST = (2017, 6)


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    """The amount, the period and the notifications, as Azure takes them.

    Raises:
        ArmError: 400 BadRequest.
    """
    properties = new.properties
    if not isinstance(properties["amount"], int | float) or properties["amount"] <= 0:
        raise bad_request(f"The budget amount {properties['amount']} must be more than 0.", "BadRequest", "amount")
    today = datetime.datetime.fromtimestamp(call.control.clock(), datetime.UTC).date()
    start = _date(properties["timePeriod"].get("startDate"), "startDate")
    before = old and old.properties["timePeriod"]["startDate"]
    if before and _date(before, "startDate") != start:
        raise bad_request("The start date of a budget cannot be changed.", "BadRequest", "startDate")
    if not before:
        _check_start(start, today, str(properties["timeGrain"]))
    if end := properties["timePeriod"].get("endDate"):
        if _date(end, "endDate") <= start:
            raise bad_request("The end date must be after the start date.", "BadRequest", "endDate")
    else:
        properties["timePeriod"]["endDate"] = f"{start.year + 10}-{start.month:02}-01T00:00:00Z"
    _check_notifications(properties.get("notifications") or {})


def _check_start(start: datetime.date, today: datetime.date, grain: str) -> None:
    months = (start.year - today.year) * 12 + start.month - today.month
    if start.day != 1 or (start.year, start.month) < EARLIEST:
        raise bad_request(
            f"The start date {start} must be the first of a month, from June 2017 on.", "BadRequest", "startDate"
        )
    if months > MAX_FUTURE_MONTHS:
        raise bad_request(f"The start date {start} is more than 12 months away.", "BadRequest", "startDate")
    past = {"Monthly": 0, "Quarterly": 2, "Annually": 11}.get(grain, 0)
    if months < -past:
        raise bad_request(
            f"The start date {start} lies before the current period: it must be within the time grain {grain}.",
            "BadRequest",
            "startDate",
        )


def _check_notifications(given: Json) -> None:
    if len(given) > MAX_NOTIFICATIONS:
        raise bad_request(
            f"A budget has at most {MAX_NOTIFICATIONS} notifications, and {len(given)} were given.",
            "BadRequest",
            "notifications",
        )
    for key, one in given.items():
        if not any(one.get(kind) for kind in ("contactEmails", "contactRoles", "contactGroups")):
            raise bad_request(f"The notification '{key}' reaches nobody.", "BadRequest", "contactEmails")
        if not 0 < one.get("threshold", 0) <= 1000:
            raise bad_request(
                f"The threshold {one.get('threshold')} of '{key}' must be above 0 and at most 1000.",
                "BadRequest",
                "threshold",
            )
        one.setdefault("thresholdType", "Actual")


def _date(text: object, field: str) -> datetime.date:
    try:
        return datetime.datetime.fromisoformat(str(text)).date()
    except ValueError:
        raise bad_request(f"{field} '{text}' is no date.", "BadRequest", field) from None


def _spend(_call: Call, _resource: Resource, body: Json) -> None:
    """Nothing here costs anything."""
    body["properties"]["currentSpend"] = {"amount": 0.0, "unit": "USD"}


NAMESPACE = Namespace(
    "Microsoft.Consumption",
    ("2021-10-01", "2023-05-01", "2023-11-01", "2024-08-01"),
    (
        ResourceType(
            name="Microsoft.Consumption/budgets",
            scopes=frozenset({Scope.SUBSCRIPTION, Scope.GROUP}),
            provisioning=False,
            name_rule=NameRule(r"[\w-]+", 1, 63, "1-63 letters, digits, '_' and '-'", code="BadRequest"),
            required=("properties.category", "properties.amount", "properties.timeGrain", "properties.timePeriod"),
            references=(
                Reference(
                    "properties.notifications.*.contactGroups.*", "Microsoft.Insights/actionGroups", code="BadRequest"
                ),
            ),
            enums={
                "properties.category": ("Cost", "ReservationUtilization"),
                "properties.timeGrain": (
                    "Monthly",
                    "Quarterly",
                    "Annually",
                    "BillingMonth",
                    "BillingQuarter",
                    "BillingAnnual",
                ),
            },
            duration=3,
            check=_check,
            present=_spend,
        ),
    ),
)
