"""The workbook: the state of the environment on one page of the portal."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi_azure_native import applicationinsights

from infra.block import Block, Placement
from infra.monitoring.alert_tables import QUERIES

PAGES = Path(__file__).parent / "workbooks"
_NAMESPACE = uuid.UUID("1c3b1f0e-93c5-5b0e-8a44-5ad8a1f1f0d2")
_QUERY = "queryFile"


@dataclass(frozen=True)
class WorkbookArgs:
    """Args: placement; logs_id: the Log Analytics workspace it shows."""

    placement: Placement
    logs_id: pulumi.Output[str]


def page(name: str) -> dict[str, Any]:
    """A page of `workbooks/`, each `queryFile` in it replaced by the query of that file.

    Raises:
        FileNotFoundError: a query that does not exist.
    """
    return dict(_with_queries(json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))))


def _with_queries(value: Any) -> Any:
    if isinstance(value, dict):
        text = {"query": (QUERIES / value[_QUERY]).read_text(encoding="utf-8")} if _QUERY in value else {}
        return {**{key: _with_queries(inner) for key, inner in value.items() if key != _QUERY}, **text}
    return [_with_queries(inner) for inner in value] if isinstance(value, list) else value


class Workbook(Block):
    """One page, shared with everyone who may read the group."""

    def __init__(self, name: str, args: WorkbookArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        made = applicationinsights.Workbook(
            f"{name}-health",
            resource_group_name=place.resource_group,
            # Azure wants a GUID.
            resource_name_=str(uuid.uuid5(_NAMESPACE, place.names.of("log_analytics"))),
            location=place.location,
            kind="shared",
            category="workbook",
            display_name=f"Health of {place.names.platform} {place.names.environment}",
            version="Notebook/1.0",
            source_id=args.logs_id,
            serialized_data=args.logs_id.apply(
                lambda known: json.dumps({**page("health"), "fallbackResourceIds": [known]}, sort_keys=True)
            ),
            tags=place.tags,
            opts=self.child(),
        )
        self.register_outputs({"id": made.id})
