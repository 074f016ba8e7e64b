"""What a program says about one resource, what it is told back, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from azlocal.engine.provider import Checked, Json, Timeouts
from azlocal.engine.stack_state import Record
from azlocal.engine.urns import Named
from azlocal.engine.values import Secret


@dataclass(slots=True)
class Registration:
    """One resource as the program registers it, with its options (Pulumi, "Resource options")."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: Json
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    named: Named | None = None
    protect: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    delete_before_replace: bool | None = None
    retain: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    trigger: Any = None
    import_id: str = ""
    timeouts: Timeouts = field(default_factory=Timeouts)
    secret_outputs: list[str] = field(default_factory=list)

    @property
    def needs(self) -> tuple[str, ...]:
        """Every URN that has to be there first."""
        return (*self.dependencies, self.parent, self.provider.rpartition("::")[0])

    def record(self, checked: Checked | None = None) -> Record:
        """What is kept of it; without ``checked`` it is nothing in Azure."""
        return Record(
            urn=self.urn,
            type=self.type,
            name=self.name,
            custom=self.custom,
            id=checked.id if checked else "",
            parent=self.parent,
            provider=self.provider,
            dependencies=sorted(self.dependencies),
            property_dependencies={name: sorted(urns) for name, urns in self.property_dependencies.items() if urns},
            inputs=checked.inputs if checked else {},
            arm_type=checked.arm_type if checked else "",
            api_version=checked.api_version if checked else "",
            protect=self.protect,
            retain=self.retain,
            deleted_with=self.deleted_with,
            delete_timeout=self.timeouts.delete,
            trigger=self.trigger,
        )

    def with_secrets(self, outputs: Json) -> Json:
        """Outputs are secret where the input of the same name is, or where the program says so."""
        hidden = {name for name, value in self.inputs.items() if isinstance(value, Secret)} | set(self.secret_outputs)
        return {
            name: Secret(value) if name in hidden and not isinstance(value, Secret) else value
            for name, value in outputs.items()
        }


@dataclass(slots=True)
class Outcome:
    """What the program is told about a resource."""

    urn: str
    id: str = ""
    outputs: Json = field(default_factory=dict)
    failed: bool = False
