"""The command line: a model's life in four commands.

Heavy imports wait until a command needs them, so that --help answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended
INTERRUPTION = ("interrupted", "the same command goes on from there", INTERRUPTED)

# typer carries its own click; its usage errors are known by what typer itself exports.
_UsageMistake: type[Any] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    help="""A model's life on the platform: predicting how late a flight from New York will arrive.

    Four commands, in this order; each can be repeated and goes on where it stands:

        ml ingest     flights, weather, aircraft and airports into the lake

        ml train      prepare, train and evaluate on Azure ML; register what beats the baseline

        ml deploy     blue, then green: smoke test at 0 %, 10 %, 100 %, the old one deleted

        ml score      ask the endpoint about flights it has not seen

    `ml share` takes a model to other environments, through a registry; `ml cancel JOB` ends a training that was left
    running.

    The workspace comes from the environment: AZURE_SUBSCRIPTION_ID, and STACK_OUTPUTS, the path of what
    `pulumi stack output --json` printed. The credential is the first that azure-identity finds.
    """,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

EndpointName = Annotated[str, typer.Option("--endpoint", help="Name of the endpoint; by default one of its own.")]
ModelVersion = Annotated[str, typer.Option("--model-version", help="Version of the model; by default the newest.")]


@app.command()
def ingest(
    months: Annotated[
        str, typer.Option(help="Months of 2013 to bring in, as 1-9 or 10 or 1,3,5: later ones can follow later.")
    ] = "1-12",
) -> None:
    """Bring the flights of 2013 into the lake, in monthly batches; the same batch twice changes nothing."""
    from ml import commands

    commands.ingest(months)


@app.command()
def train(
    data_version: Annotated[str, typer.Option(help="Version of the data; by default the newest.")] = "",
    first_test_month: Annotated[
        int, typer.Option(min=2, max=12, help="Learn from the months before it, judge on it and those after.")
    ] = 10,
    trees: Annotated[int, typer.Option(min=1, help="Number of boosted trees.")] = 200,
    leaves: Annotated[int, typer.Option(min=2, help="Leaves of each tree.")] = 31,
    *,
    new: Annotated[
        bool, typer.Option("--new", help="Submit another pipeline even if one still runs for the same inputs.")
    ] = False,
) -> None:
    """Run the training pipeline, fetch its report, and register the model if it beats the baseline.

    A pipeline that still runs for the same inputs, after Ctrl-C say, is followed to its end.
    """
    from ml import commands

    commands.train(data_version, first_test_month, trees, leaves, new=new)


@app.command()
def cancel(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job, as `ml train` showed it.")],
) -> None:
    """Cancel a pipeline or job that still runs."""
    from ml import commands

    commands.cancel(job)


@app.command()
def share(model_version: ModelVersion = "") -> None:
    """Share a model with the registry for promotion, with what it was judged by: for `ml deploy --promoted` elsewhere.

    It has to beat the baseline, as in `ml train`. Shared twice changes nothing.
    """
    from ml import commands

    commands.share(model_version)


@app.command()
def deploy(
    endpoint: EndpointName = "",
    model_version: ModelVersion = "",
    instances: Annotated[int, typer.Option(min=1, help="Replicas of the new deployment.")] = 1,
    promoted: Annotated[
        Path | None, typer.Option(help="Folder that `ml share` left elsewhere: its model comes from the registry.")
    ] = None,
    *,
    new: Annotated[
        bool, typer.Option("--new", help="A new deployment even of the model that serves: for a newer base image, say.")
    ] = False,
) -> None:
    """Bring a model to all traffic without a gap; a rollout that broke off is continued."""
    from ml import commands

    commands.deploy(endpoint, model_version, instances, promoted, new=new)


@app.command()
def score(
    file: Annotated[
        Path | None, typer.Option(help="CSV file with the model's columns; by default held-out flights.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=1000, help="How many of them.")] = 200,
    endpoint: EndpointName = "",
    deployment: Annotated[str, typer.Option(help="One deployment; by default as the traffic is split.")] = "",
) -> None:
    """Ask the endpoint, and show its predictions beside what happened."""
    from ml import commands

    commands.score(file, rows, endpoint, deployment)


def main() -> None:
    """Run the command line: exit 0 if all went well, 1 if not, 2 if it was called wrongly, 130 after Ctrl-C."""
    from ml.errors import MlError

    try:
        # Not standalone: a wrong call is told as every other mistake is, and an early end is answered.
        if (ended := app(standalone_mode=False)) != INTERRUPTED:
            sys.exit(ended)
        message, hint, code = INTERRUPTION
    except _UsageMistake as error:
        if not error.format_message():  # no arguments at all: the help has been shown
            sys.exit(error.exit_code)
        message, hint, code = error.format_message(), f"see `{getattr(error.ctx, 'command_path', 'ml')} --help`", 2
    except typer.Abort:
        message, hint, code = INTERRUPTION
    except MlError as error:
        message, hint, code = str(error), error.hint, 1
    except Exception as error:
        from ml.azure_errors import explain

        explained = explain(error)
        if explained is None:
            raise
        message, hint, code = *explained, 1
    from ml import console

    console.failure(message, hint)
    sys.exit(code)


if __name__ == "__main__":
    main()
