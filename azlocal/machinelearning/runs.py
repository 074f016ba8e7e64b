"""The one record behind a job, its run in run history and its MLflow run.

A run belongs to a workspace (its lower-cased ARM id) and is found by its name, by its parent, or by its
experiment. Every change is read, made and written at once, so that no two writers lose each other's.
"""

from __future__ import annotations

import copy
import math
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from azlocal.state import State

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
RUNNING = frozenset({"Running", "Finalizing"})

_RUN = "run"
_CHILDREN = "runOfParent"
_IN_EXPERIMENT = "runOfExperiment"
_EXPERIMENT = "experiment"
_BY_NAME = "experimentByName"
_METRIC = "metric"
_NUMBER = "runNumber"
_OPEN = "runNotOver"  # which runs a server has to take up after a crash, without reading all there ever were

Json = dict[str, Any]


@dataclass(slots=True)
class Run:
    """One run. Times are seconds since the epoch; ``error`` is ``{"code", "message"}``."""

    workspace: str
    id: str
    experiment: str
    experiment_id: str
    kind: str = "azureml.commandjob"  # run history's runType
    status: str = "NotStarted"
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    creator: str = ""  # object id
    creator_name: str = ""
    target: str | None = None  # the compute's name
    display_name: str = ""
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Json] = field(default_factory=dict)  # the last value of each
    inputs: dict[str, Json] = field(default_factory=dict)
    outputs: dict[str, Json] = field(default_factory=dict)  # name → assetId, type, uri
    parent: str | None = None
    root: str = ""
    hidden: bool = False
    error: Json | None = None
    logs: list[str] = field(default_factory=list)  # artifact paths
    uuid: str = ""
    number: int = 0

    @property
    def done(self) -> bool:
        """Whether the status is terminal."""
        return self.status in TERMINAL


@dataclass(slots=True)
class Experiment:
    """A name that runs are gathered under."""

    workspace: str
    id: str
    name: str
    created: float
    stage: str = "active"
    tags: dict[str, str] = field(default_factory=dict)


class Runs:
    """All runs and experiments of all workspaces."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._kept: dict[str, Run] = {}  # ends that a full disk keeps from being written

    # Runs

    def create(self, workspace: str, run_id: str, experiment: str, **fields: Any) -> Run:
        """A new run, in an experiment that is made if it is missing."""
        with self._state.transaction():
            home = self.experiment_named(workspace, experiment) or self.create_experiment(workspace, experiment)
            run = Run(workspace, run_id, home.name, home.id, created=time.time(), uuid=str(uuid.uuid4()), **fields)
            run.root = run.root or run_id
            run.display_name = run.display_name or run_id
            run.number = int(self._state.document(_NUMBER, workspace) or 0) + 1
            self._state.put_document(_NUMBER, workspace, run.number)
            order = f"{run.created:020.6f}|{run_id}"
            self._state.put_document(_IN_EXPERIMENT, f"{workspace}|{home.id}|{order}", run_id)
            if run.parent:
                self._state.put_document(_CHILDREN, f"{workspace}|{run.parent.lower()}|{order}", run_id)
            self._save(run)
            self._state.put_document(_OPEN, _key(workspace, run_id), run_id)
        return run

    def get(self, workspace: str, run_id: str) -> Run | None:
        """A run by its name."""
        key = _key(workspace, run_id)
        if key in self._kept:
            self._write_kept(key)
        if kept := self._kept.get(key):
            return copy.deepcopy(kept)
        value = self._state.document(_RUN, key)
        return Run(**value) if value else None

    def change(self, workspace: str, run_id: str, change: Callable[[Run], None]) -> Run | None:
        """Read, change and write a run; None where it is gone."""
        with self._state.transaction():
            run = self.get(workspace, run_id)
            if run is not None:
                before = run.done
                change(run)
                self._save(run)
                if run.done and not before:
                    self._state.delete_document(_OPEN, _key(workspace, run_id))
                elif before and not run.done:
                    self._state.put_document(_OPEN, _key(workspace, run_id), run_id)
        return run

    def keep(self, run: Run) -> None:
        """Know how a run has ended though it can't be written down: that follows when somebody looks again."""
        self._kept[_key(run.workspace, run.id)] = run

    def _write_kept(self, key: str) -> None:
        try:
            with self._state.transaction():
                self._save(self._kept[key])
                self._state.delete_document(_OPEN, key)
        except sqlite3.OperationalError:
            return  # the disk is full still
        del self._kept[key]

    def children(self, workspace: str, run_id: str) -> list[Run]:
        """The runs right below one, in the order they were made."""
        return list(self._indexed(_CHILDREN, workspace, f"{workspace}|{run_id.lower()}|"))

    def in_experiment(self, workspace: str, experiment_id: str) -> list[Run]:
        """An experiment's runs, in the order they were made."""
        return list(self._indexed(_IN_EXPERIMENT, workspace, f"{workspace}|{experiment_id}|"))

    def unfinished(self) -> list[Run]:
        """Every run of every workspace that is not over."""
        keys = [key for key, _ in self._state.documents(_OPEN)]
        return [Run(**value) for key in keys if (value := self._state.document(_RUN, key))]

    def delete(self, workspace: str, run_id: str) -> None:
        """Forget a run and those below it."""
        run = self.get(workspace, run_id)
        if run is None:
            return
        with self._state.transaction():
            for child in self.children(workspace, run_id):
                self.delete(workspace, child.id)
            order = f"{run.created:020.6f}|{run.id}"
            self._state.delete_document(_IN_EXPERIMENT, f"{workspace}|{run.experiment_id}|{order}")
            if run.parent:
                self._state.delete_document(_CHILDREN, f"{workspace}|{run.parent.lower()}|{order}")
            self._state.delete_document(_RUN, _key(workspace, run_id))
            self._state.delete_document(_OPEN, _key(workspace, run_id))

    def forget(self, workspace: str) -> None:
        """Forget every run and experiment of a workspace that is gone for good."""
        with self._state.transaction():
            for kind in (_RUN, _CHILDREN, _IN_EXPERIMENT, _EXPERIMENT, _BY_NAME, _OPEN):
                for key, _ in self._state.documents(kind, f"{workspace}|"):
                    self._state.delete_document(kind, key)
            self._state.delete_document(_NUMBER, workspace)
            self._state.delete_records(_METRIC, f"{workspace}|")

    def _indexed(self, kind: str, workspace: str, prefix: str) -> Iterator[Run]:
        for _, run_id in self._state.documents(kind, prefix):
            if run := self.get(workspace, run_id):
                yield run

    def _save(self, run: Run) -> None:
        self._state.put_document(_RUN, _key(run.workspace, run.id), asdict(run))

    # Metrics

    def log_metrics(self, workspace: str, run_id: str, metrics: list[Json]) -> None:
        """Append points ``{"key", "value", "timestamp", "step"}``; the last of each key is the run's value."""
        metrics = [{**point, "value": storable(float(point["value"]))} for point in metrics]
        with self._state.transaction():
            for point in metrics:
                stored = {"value": point["value"], "timestamp": point["timestamp"], "step": point["step"]}
                self._state.append(_METRIC, f"{_key(workspace, run_id)}|{point['key']}", [stored])
            self.change(workspace, run_id, lambda run: _latest(run, metrics))

    def metric_history(self, workspace: str, run_id: str, key: str) -> list[Json]:
        """Every point of one metric, oldest first."""
        return self._state.records(_METRIC, f"{_key(workspace, run_id)}|{key}")

    # Experiments

    def experiment(self, workspace: str, experiment_id: str) -> Experiment | None:
        """An experiment by its id."""
        value = self._state.document(_EXPERIMENT, f"{workspace}|{experiment_id}")
        return Experiment(**value) if value else None

    def experiment_named(self, workspace: str, name: str) -> Experiment | None:
        """An experiment by its name."""
        found = self._state.document(_BY_NAME, f"{workspace}|{name}")
        return self.experiment(workspace, found) if found else None

    def create_experiment(self, workspace: str, name: str) -> Experiment:
        """A new experiment."""
        experiment = Experiment(workspace, str(uuid.uuid4()), name, time.time())
        with self._state.transaction():
            self._state.put_document(_BY_NAME, f"{workspace}|{name}", experiment.id)
            self.save_experiment(experiment)
        return experiment

    def save_experiment(self, experiment: Experiment) -> None:
        """Write a changed experiment."""
        self._state.put_document(_EXPERIMENT, f"{experiment.workspace}|{experiment.id}", asdict(experiment))

    def experiments(self, workspace: str) -> list[Experiment]:
        """All experiments of a workspace."""
        found = [Experiment(**value) for _, value in self._state.documents(_EXPERIMENT, f"{workspace}|")]
        return sorted(found, key=lambda one: one.created)


def _key(workspace: str, run_id: str) -> str:
    return f"{workspace}|{run_id.lower()}"


def _latest(run: Run, metrics: list[Json]) -> None:
    """MLflow's rule: the last is the one with the highest step, then time, then value."""
    for point in metrics:
        known = run.metrics.get(point["key"])
        order = (point["step"], point["timestamp"], _sortable(point["value"]))
        if known is None or order >= (known["step"], known["timestamp"], _sortable(known["value"])):
            run.metrics[point["key"]] = {name: point[name] for name in ("value", "timestamp", "step")}


def storable(value: float) -> float | str:
    """A number as JSON can keep it: what is none there is the word for it, which ``float`` reads again."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _sortable(value: float | str) -> float:
    one = float(value)
    return float("-inf") if math.isnan(one) else one
