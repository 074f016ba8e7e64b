"""What is shown while a deployment runs."""

from __future__ import annotations

import io
import sys
from collections import Counter

import pytest

from azlocal.engine.events import Action, Failure, Summary
from azlocal.engine.urns import short_type
from azlocal.engine.view import Lines, Live, summary_line, watch

URN = "urn:pulumi:dev::shop::shop:index:Net$azure-native:network/v20240501:Subnet::inner"


def test_types_as_people_know_them() -> None:
    assert short_type(URN) == "network:Subnet"
    assert short_type("urn:pulumi:dev::shop::kubernetes:core/v1:Namespace::n") == "kubernetes:Namespace"


def test_lines_say_what_was_done_and_not_what_stayed() -> None:
    out = io.StringIO()
    view = Lines(out)
    with view:
        view.started(URN, Action.CREATE)
        view.finished(URN, Action.CREATE)
        view.finished(URN, Action.SAME)
        view.failed(URN, Action.UPDATE, Failure(URN, "Conflict", "no"))
        view.note("warning", "look out")
    first, *rest = out.getvalue().splitlines()
    assert first.startswith("+ network:Subnet inner created (")
    assert rest == ["! network:Subnet inner: update failed: Conflict: no", "warning: look out"]


def test_live_shows_what_is_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    from rich.console import Console

    view = Live("up dev")
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    for number in range(14):
        view.started(f"{URN}{number}", Action.CREATE)
    console.print(view._render())
    assert "inner0" in out.getvalue()
    assert "and 2 more" in out.getvalue()
    assert "reading the program" in out.getvalue()
    with view:
        view.finished(f"{URN}0", Action.CREATE)
        view.failed(f"{URN}1", Action.CREATE, Failure(f"{URN}1", "X", "y"))
    console.print(view._render())
    assert "1 created" in out.getvalue()


def test_plain_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert type(watch("up dev")) is Lines


def test_the_last_line() -> None:
    summary = Summary(Counter({Action.CREATE: 2, Action.SAME: 3}), [Failure(URN, "X", "y")], [URN])
    assert summary_line(summary, 1.25) == "2 created, 3 unchanged, 1 failed, 1 waiting for them in 1.2 s"
    assert summary_line(Summary(), 0.0) == "nothing to do in 0.0 s"
