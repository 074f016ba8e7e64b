"""What is looked at before a plan is made: files that would spoil its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azlocal.engine.errors import EngineError
from azlocal.engine.provider import Json
from azlocal.engine.views.files import look_ahead, read_base, read_bases


def written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_what_can_be_read_and_written_passes_and_nothing_is_made(plan: Json, tmp_path: Path) -> None:
    look_ahead({"json": tmp_path / "new" / "p.json", "graph": None, "arm": Path("-")})
    assert not (tmp_path / "new").exists()
    assert read_base(written(tmp_path / "base.json", plan), plan["stack"]) == plan
    assert read_bases(written(tmp_path / "all.json", [plan])) == [plan]
    assert read_base(None, "dev") is None
    assert read_bases(None) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "can't be read: No such file"), *((one, "is no plan") for one in ("{", "[]", '{"resources": 1}'))],
)
def test_a_base_that_is_no_plan(tmp_path: Path, text: str | None, said: str) -> None:
    base = tmp_path / "base.json"
    if text is not None:
        base.write_text(text)
    with pytest.raises(EngineError, match=said):
        read_base(base, "dev")


@pytest.mark.parametrize("content", ["{", "{}", "[1]", None])
def test_a_base_that_is_no_list_of_plans(tmp_path: Path, content: str | None) -> None:
    base = tmp_path / "base.json"
    if content is not None:
        base.write_text(content)
    with pytest.raises(EngineError, match=r"base\.json (is no list of plans|can't be read)"):
        read_bases(base)


def test_a_base_of_another_environment_is_not_compared(plan: Json, tmp_path: Path) -> None:
    base = written(tmp_path / "base.json", {**plan, "stack": "prod"})
    with pytest.raises(EngineError, match="is a plan of prod, which can't be compared with dev"):
        read_base(base, "dev")


def test_a_file_that_can_t_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for target in (tmp_path, tmp_path / "file" / "below.svg"):
        with pytest.raises(EngineError, match="can't be written"):
            look_ahead({"graph": target})
