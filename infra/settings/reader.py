"""Reads the settings through Pulumi's configuration and reports all that is wrong with them at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra.rules import governance as governance_rules
from infra.rules import ingress as ingress_rules
from infra.rules import ml as ml_rules
from infra.rules import names as name_rules
from infra.rules import network as network_rules
from infra.rules import regions
from infra.rules import services as service_rules
from infra.rules.base import DOCS, Problem, check
from infra.settings import Settings
from infra.settings.lines import Lines
from infra.settings.mistakes import holds_secret, told
from infra.settings.pages import page_of
from infra.settings.partial import field_at, keys, nearest, readable, without_echoes


@dataclass(frozen=True)
class Located:
    """A problem with its place, in parts for whoever shows them apart.

    Args:
        where: file and line.
        key: the whole key, with the project's name.
        message: what is wrong, with what was given and what is allowed.
        hint: what to change.
        source: the page that says so.
        code: what Azure would answer, where that is known.
    """

    where: str
    key: str
    message: str
    hint: str
    source: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.message}; {self.hint} ({self.source})"


class SettingsError(pulumi.RunError):
    """The environment's settings cannot be used; Pulumi prints it without a traceback."""

    def __init__(self, lines: Lines, project: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(
            Located(
                lines.where(problem.key),
                problem.key if _names_its_project(problem.key) else f"{project}:{problem.key}",
                problem.message,
                problem.hint,
                f"{DOCS}{problem.page or page_of(problem.key)}",
                problem.code,
            )
            for problem in problems
        )
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        told = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{lines.file}: {count} in the settings\n{told}")


def load(project: str = "") -> Settings:
    """The settings of the running stack; of another project, when its name is given.

    Raises:
        SettingsError: with every problem, each naming its key.
    """
    project, stack = project or pulumi.get_project(), pulumi.get_stack()
    config = pulumi.Config(project)
    prefix = f"{project}:"
    given = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    keys = [key.removeprefix(prefix) for key in given if key.startswith(prefix)]
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key in keys:
        try:
            values[key] = config.get_object(key)
        except pulumi.ConfigTypeError:
            problems.append(Problem(key, f"{config.get(key)!r} is no mapping", "give the block's keys below it"))
    strays = _strays(project, given)
    problems += [_stray(project, prefix, blocks) for prefix, blocks in strays.items()]
    try:
        return parse(values, problems, stack, elsewhere=list(chain(*strays.values())))
    except ProblemsFoundError as found:
        raise SettingsError(Lines(stack, project), project, found.problems) from None


def _names_its_project(key: str) -> bool:
    return ":" in key.partition(".")[0]


def _strays(project: str, given: Iterable[str]) -> dict[str, list[str]]:
    """Blocks that the program lacks and that stand under a project's name which is nearly its own, by that name."""
    blocks = {field.alias or name for name, field in Settings.model_fields.items()}
    missing = blocks - {key.removeprefix(f"{project}:") for key in given}
    found: dict[str, list[str]] = {}
    for key in given:
        prefix, _, block = key.partition(":")
        if block in missing and nearest(prefix, [project]):
            found.setdefault(prefix, []).append(block)
    return found


def _stray(project: str, prefix: str, blocks: Sequence[str]) -> Problem:
    message = f"this is the project {project}: nothing reads what stands under {prefix}, which is {', '.join(blocks)}"
    return Problem(f"{prefix}:{blocks[0]}", message, f"write {project}: in front", page_of(blocks[0]))


class ProblemsFoundError(ValueError):
    """Problems with settings whose file is not known here."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.key}: {problem.message}" for problem in problems))


def parse(
    values: Mapping[str, Any],
    found: Iterable[Problem] = (),
    environment: str = "",
    *,
    elsewhere: Collection[str] = (),
) -> Settings:
    """Settings from plain values, one block for each key.

    Of a block with mistakes the sound rest is read, so that the cross-field rules still speak about it. Where the
    environment's name is given, the names of its resources are checked too. Blocks that stand `elsewhere`, as the
    problems found say, are not missing.

    Raises:
        ProblemsFoundError: with `found` and all that is wrong with the values.
    """
    problems = list(found)
    spoilt = {problem.key for problem in problems} | set(elsewhere)
    blocks: dict[str, Any] = {}
    fields = {field.alias or name: name for name, field in Settings.model_fields.items()}
    unknown = [key for key in values if key not in fields and key not in spoilt]
    problems += [_unknown(key, list(fields)) for key in unknown]
    spoilt |= {nearest(key, fields) for key in unknown} - values.keys()
    for key, name in fields.items():
        if key in spoilt:
            continue
        model = _model(name)
        if key not in values:
            problems.append(Problem(key, "missing", f"add the block: {', '.join(keys(model))}"))
            continue
        try:
            # Through JSON: strict about types, yet addresses and ids are written as text.
            blocks[name] = model.model_validate_json(json.dumps(values[key]))
        except ValidationError as error:
            errors = error.errors(include_url=False)
            problems += [_explain(key, model, detail) for detail in without_echoes(errors, model)]
            if (rest := readable(model, values[key], errors)) is not None:
                blocks[name] = rest
    rules = (regions, network_rules, service_rules, ml_rules, ingress_rules, governance_rules)
    problems += check(blocks, (row for module in rules for row in module.RULES))
    if environment:
        problems += check(blocks, name_rules.rules(environment))
    if problems:
        raise ProblemsFoundError(problems)
    return Settings.model_construct(**blocks)


def _model(name: str) -> type[BaseModel]:
    model = Settings.model_fields[name].annotation
    assert isinstance(model, type)  # noqa: S101  # each field of Settings is a block
    return model


def _unknown(key: str, allowed: list[str], path: str = "") -> Problem:
    near = nearest(key, allowed)
    hint = f"did you mean {near}?" if near else "remove it"
    return Problem(path or key, f"unknown key; allowed: {', '.join(allowed)}", hint)


def _explain(block: str, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    location = detail["loc"]
    path = block + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    owner, field = field_at(model, location)
    description = (field.description or "") if field else ""
    if detail["type"] == "extra_forbidden":
        return _unknown(str(location[-1]), keys(owner), path)
    if detail["type"] == "missing":
        return Problem(path, "missing", f"add it: {description}" if description else "add it")
    annotation = field.annotation if field else model
    # A secret must not reach a log.
    given = "a value (not shown)" if holds_secret(annotation) else json.dumps(detail["input"], default=str)
    message, hint = told(detail, annotation, description)
    return Problem(path, f"{given} given; {message}", hint)
