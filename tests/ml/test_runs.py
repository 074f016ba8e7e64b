"""A pipeline that goes on without its watcher: said on Ctrl-C, found again, cancelled."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ml import console, runs
from ml.pipelines.training import INPUTS_TAG


def job(name: str, status: str, inputs: str = "abc") -> SimpleNamespace:
    """What the SDK lists."""
    return SimpleNamespace(name=name, status=status, tags={INPUTS_TAG: inputs}, studio_url=f"https://ml/{name}")


@dataclass
class Jobs:
    """The operations of the SDK's client that are used, on jobs in memory."""

    known: list[SimpleNamespace]
    cancelled: list[str] = field(default_factory=list)

    def list(self) -> list[SimpleNamespace]:
        """All jobs."""
        return self.known

    def get(self, name: str) -> SimpleNamespace:
        """One job."""
        return next(one for one in self.known if one.name == name)

    def begin_cancel(self, name: str) -> SimpleNamespace:
        """Cancel it; a poller."""
        self.cancelled.append(name)
        self.get(name).status = "Canceled"
        return SimpleNamespace(result=lambda: None)


def client(*known: SimpleNamespace) -> Any:
    """A client of a workspace with these jobs."""
    return SimpleNamespace(jobs=Jobs(list(known)))


def test_only_what_still_runs_for_the_same_inputs_is_followed() -> None:
    ended = [job(status, status) for status in sorted(runs.TERMINAL)]
    untagged = SimpleNamespace(name="plain", status="Running", tags=None, studio_url="")
    assert runs.running(client(*ended, untagged, job("other", "Running", "xyz")), "abc") is None
    assert runs.running(client(*ended, job("mine", "Queued")), "abc") == ("mine", "https://ml/mine")


def test_an_interrupt_says_what_goes_on_and_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=out, soft_wrap=True))
    with pytest.raises(KeyboardInterrupt), runs.left_running("calm_fig"):
        raise KeyboardInterrupt
    said = out.getvalue()
    assert "the pipeline calm_fig goes on in the workspace" in said
    assert "`ml train`" in said
    assert "`ml cancel calm_fig`" in said


def test_only_what_runs_is_cancelled() -> None:
    workspace = client(job("done", "Completed"), job("busy", "Running"))
    assert runs.cancel(workspace, "done") == "Completed"
    assert runs.cancel(workspace, "busy") == "Canceled"
    assert workspace.jobs.cancelled == ["busy"]
