"""What ``azlocal up``, ``destroy`` and ``plan`` do, in the words the command line shows."""

from __future__ import annotations

import contextlib
import gc
import json
import shlex
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.engine.errors import EngineError, ProgramError
from azlocal.engine.project import load_project
from azlocal.words import counted

if TYPE_CHECKING:
    from azlocal.engine.drift import Drift
    from azlocal.engine.events import Summary
    from azlocal.engine.plan import Plan
    from azlocal.engine.plan.against import Against
    from azlocal.engine.run import Target
    from azlocal.engine.view import Lines
    from azlocal.state.folder import StateFolder

Json = dict[str, Any]


def up(
    project: Path,
    env: str,
    folder: StateFolder,
    *,
    outputs: Path | None = None,
    refresh: bool = False,
    held: str = "refuse",
    accepted: Collection[str] = (),
    adopt: bool = False,
    principal: str = "owner",
    verbose: bool = False,
) -> None:
    """Bring an environment's stack to what the program says, and write its outputs to a file if asked.

    ``held`` is a value of ``Held``; ``accepted`` names resources whose data may be lost; ``adopt`` takes over what is
    there though the state does not know it.

    Raises:
        EngineError: something failed; each failure has been shown where it happened.
    """
    from azlocal.engine.dataloss import OPTION
    from azlocal.engine.run import run_up
    from azlocal.engine.softdelete import Held
    from azlocal.engine.view import summary_line

    described = load_project(project, env)  # an unknown environment is said before anything runs
    gc.disable()  # a process of some seconds: collecting would cost a tenth of the SDK's import
    with _at_work(folder, principal, f"up {env}") as (target, view):
        result = _explained(
            lambda: run_up(
                project, env, target, view, refresh=refresh, held=Held(held), accepted=accepted, adopt=adopt
            ),
            verbose,
        )
    if words := [name for loss in result.lost for name in loss.names]:
        sys.stdout.write(f"{env}: nothing touched in {result.seconds:.1f} s: data would be lost\n")
        given = _words_of(refresh=refresh, held=held, adopt=adopt, principal=principal)
        meant = [word for name in dict.fromkeys((*accepted, *words)) for word in (OPTION, name)]
        _raise_failures(result.summary, f"if all of it is meant: {shlex.join(['azlocal', 'up', env, *given, *meant])}")
    sys.stdout.write(f"{env}: {summary_line(result.summary, result.seconds)}\n")
    if outputs and not result.summary.failures:
        _write(outputs, _shown(result.outputs))
    hint = "fix what it says and run `azlocal up` again: it goes on from here"
    if result.taken:
        hint = _way_past(result.taken, folder.path, described.name, env, anew=result.anew)
    if result.steps:
        rest = [] if len(result.steps) == len(result.summary.failures) else [f"for the rest, {hint}"]
        hint = ". ".join([*dict.fromkeys(result.steps.values()), *rest])
    _raise_failures(result.summary, hint)


def _words_of(*, refresh: bool, held: str, adopt: bool, principal: str) -> list[str]:
    """The options of an ``up``, to be given again."""
    words = {"--refresh": refresh, "--purge-deleted": held == "purge", "--recover-deleted": held == "recover"}
    given = [word for word, said in {**words, "--adopt": adopt}.items() if said]
    return given if principal == "owner" else [*given, "--as", principal]


def _way_past(taken: list[str], folder: Path, project: str, env: str, *, anew: bool) -> str:
    """What to do about what is there already; ``anew`` where the stack's own state knows of nothing."""
    from azlocal.engine.stack_state import maker_of

    adopt = f"`azlocal up {env} --adopt`"
    for id_ in taken:
        if not (maker := maker_of(folder, id_)):
            continue
        other, stack, name = maker
        if (other, stack) == (project, env):
            return f"this stack made {id_} as '{name}': if it is the same resource, give it that name as an alias"
        return (
            f"stack '{stack}' of project '{other}' made {id_} as '{name}': one of the two may make it. Leave it out of"
            f" this program, or have the other look it up only, after which {adopt} takes it over"
        )
    if anew:
        kept = folder / "stacks" / project / f"{env}.json"
        return (
            f"nothing is known of what '{env}' made, though it is there: {kept} is missing. Put it back, or run"
            f" {adopt}, which takes over what is there under the program's names"
        )
    return f"no stack of this state folder made it: use another name, or run {adopt}, which takes over what is there"


def data_of(project: Path, env: str, folder: StateFolder, *, principal: str = "owner") -> list[str]:
    """What holds data in an environment's stack: what whoever destroys it should know first."""
    from azlocal.engine.run import data_of as find
    from azlocal.engine.target import local_target

    with local_target(folder, principal) as target:
        return find(project, env, target)


def destroy(project: Path, env: str, folder: StateFolder, *, principal: str = "owner", verbose: bool = False) -> None:
    """Delete everything an environment's stack has made.

    Raises:
        EngineError: something could not be deleted.
    """
    from azlocal.engine.run import run_destroy
    from azlocal.engine.view import summary_line

    load_project(project, env)
    with _at_work(folder, principal, f"destroy {env}") as (target, view):
        result = _explained(lambda: run_destroy(project, env, target, view), verbose)
    sys.stdout.write(f"{env}: {summary_line(result.summary, result.seconds)}\n")
    _raise_failures(result.summary, "fix what it says and run `azlocal destroy` again")


def drift(project: Path, env: str, folder: StateFolder, *, principal: str = "owner", verbose: bool = False) -> None:
    """Show what ``up --refresh`` would do, and do nothing.

    Raises:
        EngineError: there is something to do, or something could not be looked at.
    """
    from azlocal.engine.drift import run_drift
    from azlocal.engine.leaving import while_it_runs
    from azlocal.engine.target import local_target
    from azlocal.engine.urns import name_of, short_type
    from azlocal.engine.view import SIGNS, Lines

    load_project(project, env)
    gc.disable()
    with local_target(folder, principal) as target, while_it_runs(folder, f"`azlocal drift {env}` again"):
        found = _explained(lambda: run_drift(project, env, target, Lines()), verbose)
    for one in found.changes:
        sign, _, done = SIGNS[one.action]
        lost = f"; LOSES {one.loses}" if one.loses else ""
        sys.stdout.write(f"{sign} {short_type(one.urn)} {name_of(one.urn)} would be {done}{lost}\n")
    for urn in found.skipped:
        sign, then = ("?", "may change") if urn in found.known else ("+", "would be created")
        sys.stdout.write(f"{sign} {short_type(urn)} {name_of(urn)} hangs on what would be new, and {then}\n")
    for failure in found.failures:
        what = f"{short_type(failure.urn)} {name_of(failure.urn)}: " if failure.urn.startswith("urn:") else ""
        sys.stdout.write(f"! {what}{failure.code}: {failure.message}\n")
    if found.failures:
        raise EngineError(
            f"{env} could not be compared: {counted(len(found.failures), 'resource')} can't be looked at",
            "see above; the principal has to be able to read everything",
        )
    if not found.agrees:
        count = len(found.changes) + len(found.skipped)
        raise EngineError(
            f"{env} is not what the program says: {counted(count, 'difference')}",
            _to_agree(env, found),
        )
    sys.stdout.write(f"{env}: program and world agree\n")


def _to_agree(env: str, found: Drift) -> str:
    """The command, with the words that it will want."""
    from azlocal.engine.dataloss import OPTION
    from azlocal.engine.errors import UNPROTECT
    from azlocal.engine.urns import name_of

    kept = sorted(name_of(one.urn) for one in found.changes if one.protected)
    words = " ".join(f"{OPTION} {name_of(one.urn)}" for one in found.changes if one.loses)
    command = f"`azlocal up {env} --refresh{f' {words}' if words else ''}`"
    steps = [f"{', '.join(kept)}: {UNPROTECT}"] if kept else []
    steps.append(f"if the loss of data is meant, {command}" if words else f"{command} puts it right")
    return "; then ".join(steps)


def plan(
    project: Path,
    env: str,
    *,
    json_file: Path | None = None,
    views: Mapping[str, Path | None] | None = None,
    base: Path | None = None,
    preview: bool = True,
    policy: bool = True,
    running: tuple[StateFolder, str] | None = None,
    verbose: bool = False,
) -> None:
    """Show what a program would make on an empty Azure; ``-`` writes the JSON to standard output.

    ``views`` names files for other views of it, ``base`` a plan from before: see ``azlocal.engine.views.files``. With
    ``policy`` the project's own rules judge it: see ``azlocal.engine.plan.policy``. ``running`` is a local Azure that
    it is compared with, and who looks: see ``azlocal.engine.plan.against``.

    Raises:
        EngineError: a file is of no use, Azure would refuse something, or a mandatory rule does; each has been shown.
    """
    from azlocal.engine.plan import plan as run_plan
    from azlocal.engine.plan.policy import judge_plan
    from azlocal.engine.plan.report import print_plan
    from azlocal.engine.views.files import look_ahead, read_base, write_views

    look_ahead({"json": json_file, **(views or {})})
    before = read_base(base, env)
    gc.disable()  # as for up
    found: Plan = _explained(lambda: run_plan(project, env, preview=preview), verbose)
    if running and found.resources:
        found.against = _explained(lambda: _against(project, env, *running), verbose)
    if policy:
        judge_plan(project, found)
    found.problems += found.against.problems if found.against else []
    if not _is_stdout(json_file):
        print_plan(found, verbose=verbose)
    _write_plan(json_file, found.as_json())
    # Of a program that did not run there is nothing to draw: what was drawn before stays.
    shown = {name: file for name, file in (views or {}).items() if found.resources or name == "markdown"}
    write_views(found.as_json(), shown, before)
    _raise_problems([found])
    if found.against and found.against.failures:
        raise EngineError(
            f"{env} could not be compared: {counted(len(found.against.failures), 'resource')} can't be looked at",
            "see above; the principal has to be able to read everything",
        )


def _against(project: Path, env: str, folder: StateFolder, principal: str) -> Against:
    from azlocal.engine.leaving import while_it_runs
    from azlocal.engine.plan.against import against
    from azlocal.engine.target import local_target

    with local_target(folder, principal) as target, while_it_runs(folder, "the same command again"):
        return against(project, env, target)


@contextlib.contextmanager
def _at_work(folder: StateFolder, principal: str, title: str) -> Iterator[tuple[Target, Lines]]:
    """The local Azure to change, and the view of it; neither outlives the server."""
    from azlocal.engine.leaving import while_it_runs
    from azlocal.engine.target import local_target
    from azlocal.engine.view import watch

    then = f"`azlocal {title}` goes on from there"
    with local_target(folder, principal) as target, watch(title) as view, while_it_runs(folder, then, view.hush):
        yield target, view


def plan_all(
    project: Path,
    *,
    json_file: Path | None = None,
    markdown: Path | None = None,
    base: Path | None = None,
    preview: bool = False,
    policy: bool = True,
    verbose: bool = False,
) -> None:
    """One line for each environment, its problems and findings; the JSON is a list of plans.

    ``markdown`` is the file of the comment on all of them, ``base`` such a list from before.

    Raises:
        EngineError: as ``plan``, once all have been shown.
    """
    from azlocal.engine.plan import plan_all as run_plans
    from azlocal.engine.plan.policy import judge_plan
    from azlocal.engine.plan.report import print_brief
    from azlocal.engine.views.files import look_ahead, read_bases, write_comment

    look_ahead({"json": json_file, "markdown": markdown})
    before = read_bases(base)
    gc.disable()
    plans: list[Plan] = []
    running = run_plans(project, preview=preview)
    while found := _explained(lambda: next(running, None), verbose):
        plans.append(found)
        if policy:
            judge_plan(project, found)
        if not _is_stdout(json_file):
            print_brief(found)
    if not plans:
        raise EngineError(f"no environment in {project.absolute()}", "describe one in Pulumi.<name>.yaml")
    described = [found.as_json() for found in plans]
    _write_plan(json_file, described)
    if markdown:
        write_comment(described, markdown, before)
    _raise_problems(plans)


def _is_stdout(file: Path | None) -> bool:
    return file is not None and str(file) == "-"


def _write_plan(file: Path | None, value: Any) -> None:
    if file is None:
        return
    if _is_stdout(file):
        sys.stdout.write(json.dumps(value, indent=2) + "\n")
    else:
        _write(file, value)


def _raise_problems(plans: list[Plan]) -> None:
    told = [f"the plan of {one.stack} has {words}" for one in plans if (words := _refused(one))]
    if told:
        raise EngineError(" and ".join(told), "see above what is wrong with which resource, and its fix")


def _refused(found: Plan) -> str:
    """What of a plan can't stay: findings that are not mandatory are advice."""
    from azlocal.engine.plan.policy import open_findings

    mandatory = [one for one in open_findings(found.findings) if one["mandatory"]]
    words = [counted(len(found.problems), "problem")] if found.problems else []
    words += [f"{counted(len(mandatory), 'finding')} of mandatory rules"] if mandatory else []
    return " and ".join(words)


def _explained(run: Any, verbose: bool) -> Any:  # noqa: FBT001
    """Run it; with ``--verbose`` the program's own traceback is shown before its sentence."""
    try:
        return run()
    except ProgramError as error:
        if verbose and error.trace:
            sys.stderr.write(error.trace)
        raise


def _raise_failures(summary: Summary, hint: str) -> None:
    if not summary.failures:
        return
    from azlocal.engine.urns import name_of, short_type

    lines = [
        f"{short_type(failure.urn)} {name_of(failure.urn)}: {failure.code}: {failure.message}"
        for failure in summary.failures
    ]
    if summary.skipped:
        one = len(summary.skipped) == 1
        lines.append(f"{len(summary.skipped)} more {'was' if one else 'were'} not tried: without these there is no way")
    raise EngineError("\n".join(lines), hint)


def _shown(outputs: Json) -> Json:
    """Outputs as ``pulumi stack output --json`` prints them, secrets hidden."""
    from azlocal.engine.values import conceal

    return dict(conceal(outputs))


def _write(path: Path, value: Any) -> None:
    from azlocal.engine.views.files import write_text

    write_text(path, json.dumps(value, indent=2) + "\n")
