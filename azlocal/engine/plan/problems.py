"""What Azure would refuse, told so that it can be mended: the resource, the field, the fix and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from azlocal.engine.errors import EngineError, FileError, ProgramError
from azlocal.engine.events import Failure, Summary
from azlocal.engine.plan.catalogue import advice
from azlocal.engine.provider import Checked, Json
from azlocal.engine.urns import name_of

INVALID_SETTING, PROGRAM_FAILED = "InvalidSetting", "ProgramFailed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that Azure would refuse, or that stopped the program. Attribute names are the keys of the JSON."""

    code: str
    message: str
    urn: str
    resource: str  # the name in Azure, or the program's where there is none; of a setting its file and line
    armType: str  # noqa: N815
    field: str
    fix: str
    source: str

    def as_json(self) -> Json:
        """What ``azlocal plan --json`` writes."""
        return asdict(self)


def problems_of(summary: Summary, checked: Mapping[str, Checked]) -> list[Json]:
    """Every failure of a planned deployment, each with what the catalogue knows about its code."""
    return [problem_of(failure, checked.get(failure.urn)).as_json() for failure in summary.failures]


def problems_of_program(error: EngineError) -> list[Json]:
    """What stopped a program: each of its mistakes, where it told them in parts, or its sentence."""
    if isinstance(error, FileError):
        hint = error.hint or ""
        return [Problem(INVALID_SETTING, error.message, "", error.where, "", error.key, hint, error.source).as_json()]
    mistakes = error.mistakes if isinstance(error, ProgramError) else ()
    if not mistakes:
        fix = error.hint or "mend what the message names"
        return [Problem(PROGRAM_FAILED, error.message, "", "", "", "", fix, "").as_json()]
    return [
        Problem(one.code or INVALID_SETTING, one.message, "", one.where, "", one.key, one.hint, one.source).as_json()
        for one in mistakes
    ]


def problem_of(failure: Failure, checked: Checked | None) -> Problem:
    """One failure, told in full."""
    arm_type = checked.arm_type if checked else ""
    known = advice(failure.code, arm_type)
    return Problem(
        failure.code,
        failure.message,
        failure.urn,
        _name(failure.urn, checked),
        arm_type,
        failure.target,
        known.fix,
        known.source,
    )


def _name(urn: str, checked: Checked | None) -> str:
    if checked and checked.id:
        return checked.id.rsplit("/", 1)[-1]
    return name_of(urn) if urn.startswith("urn:") else urn
