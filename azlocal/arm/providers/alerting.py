"""What Azure Monitor refuses of action groups, alert rules and workbooks (REST reference of each)."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

DURATIONS = (
    "PT1M",
    "PT5M",
    "PT10M",
    "PT15M",
    "PT30M",
    "PT45M",
    "PT1H",
    "PT2H",
    "PT3H",
    "PT4H",
    "PT5H",
    "PT6H",
    "P1D",
    "P2D",
)
_METRIC_FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
_METRIC_WINDOWS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")


def _minutes(duration: str) -> int:
    number, unit = int(re.sub(r"\D", "", duration)), duration[-1]
    return number * {"M": 1, "H": 60, "D": 1440}[unit]


def _check_severity(new: Resource) -> None:
    if not 0 <= int(new.properties["severity"]) <= 4:
        raise bad_request(f"severity is {new.properties['severity']}; it is 0 to 4.", "BadRequest", "severity")


def _check_duration(new: Resource, name: str, allowed: tuple[str, ...]) -> None:
    given = new.properties[name]
    if given not in allowed:
        raise bad_request(f"{name} '{given}' is not supported; supported: {', '.join(allowed)}.", "BadRequest", name)


def check_query_rule(_call: Call, new: Resource, _old: Resource | None) -> None:
    """Durations that Azure runs rules at, and a measure for each aggregation but Count (azure-monitor/alerts)."""
    properties = new.properties
    if new.body.get("kind") != "LogAlert":
        return
    _check_severity(new)
    for name in ("evaluationFrequency", "windowSize"):
        _check_duration(new, name, DURATIONS)
    if _minutes(properties["windowSize"]) < _minutes(properties["evaluationFrequency"]):
        raise bad_request("windowSize is shorter than evaluationFrequency.", "BadRequest", "windowSize")
    if not properties["criteria"].get("allOf"):
        raise bad_request("criteria has no condition.", "BadRequest", "criteria")
    for condition in properties["criteria"]["allOf"]:
        if not condition.get("query"):
            raise bad_request("A condition has no query.", "BadRequest", "query")
        if condition.get("timeAggregation") != "Count" and not condition.get("metricMeasureColumn"):
            raise bad_request(
                f"timeAggregation '{condition.get('timeAggregation')}' needs a metricMeasureColumn.",
                "BadRequest",
                "metricMeasureColumn",
            )


def check_metric_alert(_call: Call, new: Resource, _old: Resource | None) -> None:
    """Severity, durations and at least one condition (REST reference, "Metric Alerts")."""
    properties = new.properties
    _check_severity(new)
    _check_duration(new, "evaluationFrequency", _METRIC_FREQUENCIES)
    _check_duration(new, "windowSize", _METRIC_WINDOWS)
    if _minutes(properties["windowSize"]) < _minutes(properties["evaluationFrequency"]):
        raise bad_request("windowSize is shorter than evaluationFrequency.", "BadRequest", "windowSize")
    if not properties["criteria"].get("allOf"):
        raise bad_request("criteria has no condition.", "BadRequest", "criteria")


def check_workbook(_call: Call, new: Resource, _old: Resource | None) -> None:
    """A GUID for a name, a page that is JSON (REST reference, "Workbooks - Create Or Update")."""
    try:
        uuid.UUID(new.name)
    except ValueError:
        raise bad_request(
            f"The workbook name '{new.name}' is not valid: it must be a GUID.", "InvalidResourceName"
        ) from None
    try:
        json.loads(new.properties["serializedData"])
    except ValueError:
        raise bad_request("serializedData is not valid JSON.", "BadRequest", "serializedData") from None


def check_short_name(_call: Call, new: Resource, _old: Resource | None) -> None:
    """The name in a text message."""
    name = new.properties["groupShortName"]
    if not 1 <= len(name) <= 12:
        raise bad_request(f"groupShortName '{name}' must have 1 to 12 characters.", "GroupShortNameTooLong")
