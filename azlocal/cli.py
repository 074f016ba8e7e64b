"""The command line: ``azlocal start | stop | status | reset | up | destroy | drift | plan | exec``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from azlocal.entra.principals import PRINCIPALS
from azlocal.errors import AzureLocalError, StoppedError, UsageError, tell
from azlocal.lifecycle import Running, require_running
from azlocal.server import DEFAULT_PORT
from azlocal.state.folder import StateFolder

# typer carries its own click; its usage errors are known by what typer itself exports.
_UsageMistake: type[Any] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="azlocal",
    help="A local Azure for development and tests: real host names, real clients, one machine.\n\n"
    "It is a stand-in, not Azure: what it does not serve answers 501 with the operation's name.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

Environment = Annotated[str, typer.Argument(metavar="ENV", help="An environment: environments/Pulumi.ENV.yaml.")]
State = Annotated[Path | None, typer.Option("--state", help="The state folder (default: $AZLOCAL_STATE or .azlocal).")]
Project = Annotated[Path, typer.Option("--project", help="The folder of Pulumi.yaml.")]
As = Annotated[
    str,
    typer.Option("--as", metavar="PRINCIPAL", help=f"Who to be: {', '.join(PRINCIPALS)}."),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show tracebacks of the program's own errors.")]


@app.command()
def start(
    port: Annotated[
        int | None,
        typer.Option(
            help=f"The gateway's port on 127.0.0.1; 0 takes any free one (default: {DEFAULT_PORT}, or any where that"
            " is taken).",
            min=0,
            max=65535,
        ),
    ] = None,
    kubeconfig: Annotated[
        Path | None,
        typer.Option(help="A real cluster for AKS to be; without it a stand-in only stores objects."),
    ] = None,
    faithful: Annotated[
        bool,
        typer.Option("--faithful", help="Operations take as long as Azure documents, and polls as seldom."),
    ] = False,
    state: State = None,
) -> None:
    """Start the local Azure in the background; a second call finds it running."""
    from azlocal import lifecycle

    if kubeconfig and not kubeconfig.is_file():
        raise UsageError(f"kubeconfig {kubeconfig} does not exist", "give the path of a kubeconfig file")
    options: dict[str, Any] = {"faithful": faithful}
    if kubeconfig:
        options["kubeconfig"] = str(kubeconfig.absolute())
    wanted = lifecycle.usual_port(DEFAULT_PORT) if port is None else port
    found, new = lifecycle.start(StateFolder(state), wanted, options)
    typer.echo(f"azlocal {'is ready' if new else 'runs already'}: proxy {found.proxy}, process {found.pid}")
    if not new and (faithful or kubeconfig or port not in {None, 0, found.port}):
        typer.echo("it goes on as it was started: `azlocal stop` first, for other options to count", err=True)


@app.command()
def stop(state: State = None) -> None:
    """Stop the local Azure and every job and endpoint it runs; the state stays."""
    from azlocal import lifecycle

    folder = StateFolder(state)
    typer.echo("azlocal stopped" if lifecycle.stop(folder) else f"no azlocal runs on {folder.path}")


@app.command()
def status(state: State = None) -> None:
    """Show whether the local Azure runs, what it holds, and what it serves."""
    from azlocal.status import show

    show(StateFolder(state))


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    state: State = None,
) -> None:
    """Stop, and forget every resource, job and secret. Environments built for jobs are kept."""
    from azlocal import lifecycle

    folder = StateFolder(state)
    _confirm(f"Forget everything in {folder.path}?", yes)
    lifecycle.reset(folder)
    typer.echo(f"{folder.path} is empty")


@app.command()
def up(  # each is an option
    env: Environment,
    project: Project = Path(),
    *,
    outputs: Annotated[Path | None, typer.Option(help="Write the stack's outputs to this JSON file.")] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh",
            "-r",
            help="First refresh the state: read every resource, make anew what was deleted outside, put right what"
            " was changed.",
        ),
    ] = False,
    purge_deleted: Annotated[
        bool,
        typer.Option(
            "--purge-deleted", help="Purge a soft-deleted vault or workspace of this stack whose name is used again."
        ),
    ] = False,
    recover_deleted: Annotated[
        bool,
        typer.Option("--recover-deleted", help="Recover such a vault or workspace instead, with what it held."),
    ] = False,
    accept_data_loss: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RESOURCE",
            help="Let this resource be deleted or replaced though what it holds is lost; once for each, by its name.",
        ),
    ] = None,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Take over what is there under the program's names though the state folder knows nothing of it.",
        ),
    ] = False,
    principal: As = "owner",
    state: State = None,
    verbose: Verbose = False,
) -> None:
    """Make the local Azure what the Pulumi program says: create, update, replace, delete; resume after a break."""
    from azlocal.engine.commands import up as run

    if purge_deleted and recover_deleted:
        raise UsageError("--purge-deleted and --recover-deleted exclude each other", "choose one of them")
    held = "purge" if purge_deleted else "recover" if recover_deleted else "refuse"
    run(
        project,
        env,
        StateFolder(state),
        outputs=outputs,
        refresh=refresh,
        held=held,
        accepted=accept_data_loss or (),
        adopt=adopt,
        principal=principal,
        verbose=verbose,
    )


@app.command()
def destroy(  # noqa: PLR0917  # each is an option
    env: Environment,
    project: Project = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    principal: As = "owner",
    state: State = None,
    verbose: Verbose = False,
) -> None:
    """Delete everything an environment's stack has made, in reverse order of dependency, and purge what Azure keeps."""
    from azlocal.engine.commands import data_of
    from azlocal.engine.commands import destroy as run

    folder = StateFolder(state)
    if not yes and sys.stdin.isatty():
        for line in data_of(project, env, folder, principal=principal):
            typer.echo(f"would be lost: {line}")
    _confirm(f"Delete everything in '{env}'?", yes)
    run(project, env, folder, principal=principal, verbose=verbose)


@app.command()
def drift(  # each is an option
    env: Environment,
    project: Project = Path(),
    principal: As = "owner",
    state: State = None,
    verbose: Verbose = False,
) -> None:
    """Compare a stack with its program and with the local Azure, and change nothing; exit 1 on any difference."""
    from azlocal.engine.commands import drift as run

    run(project, env, StateFolder(state), principal=principal, verbose=verbose)


@app.command()
def plan(
    env: Annotated[str | None, typer.Argument(metavar="ENV", help="The environment: a stack of the project.")] = None,
    project: Project = Path(),
    *,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the plan as JSON; - for standard output."),
    ] = None,
    graph: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw the architecture: networks, services, identities.")
    ] = None,
    arm: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write the plan as an ARM template of its resource group.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write the plan as one comment for a pull request.")
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="A plan from before, by --json: --markdown tells the difference."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every environment of the project, one line each.")] = False,
    preview: Annotated[
        bool | None,
        typer.Option(
            "--preview/--no-preview",
            help="Also run the program with unknown outputs, as `pulumi preview` does. [default: for one environment]",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="running",
            help="Compare with the local Azure that runs: what is created, changed, replaced or deleted, and why.",
        ),
    ] = None,
    principal: As = "owner",
    state: State = None,
    policy: Annotated[
        bool,
        typer.Option(
            "--policy/--no-policy", help="Judge it by the project's own rules, in the folder policy beside the program."
        ),
    ] = True,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show each resource, and tracebacks of the program's own errors.")
    ] = False,
) -> None:
    """Show what a program would create on an empty Azure, and what Azure would refuse.

    Needs nothing running, but for --against running.
    """
    from azlocal.engine import commands

    if bool(env) == all_:
        raise UsageError("name one environment, or say --all for every one", "azlocal plan ENV")
    if base and not markdown:
        raise UsageError("--base is compared by --markdown, which is missing", "add --markdown FILE.md")
    if against not in {None, "running"}:
        raise UsageError(f"--against '{against}' is nothing to compare with", "say --against running")
    if against and not env:
        raise UsageError("--against is of one environment", "name it instead of --all")
    views = {"graph": graph, "arm": arm, "markdown": markdown}
    if env:
        commands.plan(
            project,
            env,
            json_file=json_file,
            views=views,
            base=base,
            preview=preview is not False,
            policy=policy,
            running=(StateFolder(state), principal) if against else None,
            verbose=verbose,
        )
    elif graph or arm:
        raise UsageError("--graph and --arm are of one environment", "name it instead of --all")
    else:
        commands.plan_all(
            project,
            json_file=json_file,
            markdown=markdown,
            base=base,
            preview=bool(preview),
            policy=policy,
            verbose=verbose,
        )


@app.command(
    "exec",
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
    },
)
def exec_(
    command: Annotated[list[str], typer.Argument(metavar="CMD", help="The program and its arguments.")],
    principal: As = "owner",
    state: State = None,
) -> None:
    """Run a program with the proxy, the CA bundle and a principal's credentials, and nothing else added."""
    from azlocal import environment

    folder = StateFolder(state)
    server: Running = require_running(folder)
    variables = environment.variables(folder, server, principal)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    try:
        os.execvpe(command[0], command, {**kept, **variables})  # noqa: S606 - no shell, and that is the point
    except FileNotFoundError:
        raise UsageError(f"no program '{command[0]}' on PATH", "check the name after --") from None
    except OSError as error:  # a folder, no right to execute, a file of another machine
        reason = error.strerror or str(error)
        raise UsageError(f"'{command[0]}' can't be run: {reason}", "name a program that may be executed") from None


def _confirm(question: str, yes: bool) -> None:  # noqa: FBT001
    """Ask before what cannot be taken back; where nobody can answer, --yes has to say it."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to confirm this", "say it beforehand: --yes")
    if not typer.confirm(question):
        raise typer.Exit(1)


def main() -> None:
    """The console command: a user's mistake is one sentence and a hint, never a traceback."""
    try:
        # Not standalone, an early end is answered and not raised: a declined question, Ctrl-C.
        ended = app(standalone_mode=False)
    except AzureLocalError as error:
        _fail(error)
    except typer.Abort:
        _fail(StoppedError())
    except _UsageMistake as error:
        if not error.format_message():  # no arguments at all: the help has been shown
            sys.exit(error.exit_code)
        command = getattr(error.ctx, "command_path", "azlocal")
        _fail(AzureLocalError(error.format_message(), f"see `{command} --help`"), error.exit_code)
    if ended == StoppedError.exit_code:
        _fail(StoppedError())
    if ended:
        sys.exit(ended)


def _fail(error: AzureLocalError, code: int | None = None) -> NoReturn:
    tell(error)
    sys.exit(error.exit_code if code is None else code)


if __name__ == "__main__":
    main()
