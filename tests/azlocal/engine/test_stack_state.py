"""The file and the journal: what is on disk is what was done, wherever it broke off."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlocal.engine.errors import EngineError, ResourceError
from azlocal.engine.run import saved_outputs
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.values import Secret
from tests.azlocal.engine.conftest import relaxed

OPEN: list[StackState] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Every state that a test opened is closed after it."""
    yield
    while OPEN:
        OPEN.pop().close()


def load(folder: Path) -> StackState:
    state = StackState.load(folder, "shop", "dev")
    OPEN.append(state)
    return state


def record(name: str, **more: Any) -> Record:
    return Record(urn=f"urn:{name}", type="azure-native:a:B", name=name, custom=True, id=f"/{name}", **more)


def file_of(folder: Path, suffix: str) -> Path:
    return folder / "stacks" / "shop" / f"dev.{suffix}"


def test_every_step_is_on_disk_at_once(tmp_path: Path) -> None:
    state = load(tmp_path)
    state.put(record("a", inputs={"secret": Secret("s")}))
    state.put(record("b", dependencies=["urn:a"]))
    state.condemn(record("old"))
    state.set_outputs({"x": 1})
    state.close()  # and never saved
    again = load(tmp_path)
    assert again.records == state.records
    assert again.condemned == state.condemned
    assert again.outputs == {"x": 1}


def test_saving_folds_the_journal_into_the_file(tmp_path: Path) -> None:
    state = load(tmp_path)
    state.put(record("a"))
    state.save()
    assert not file_of(tmp_path, "journal").exists()
    state.drop("urn:a")
    state.close()
    assert load(tmp_path).records == {}


def test_a_journal_of_an_older_file_is_not_replayed(tmp_path: Path) -> None:
    state = load(tmp_path)
    state.put(record("a"))
    journal = file_of(tmp_path, "journal").read_text()
    state.drop("urn:a")
    state.save()
    state.close()
    file_of(tmp_path, "journal").write_text(journal)  # died before it was removed
    again = load(tmp_path)
    assert again.records == {}
    again.put(record("b"))
    again.close()
    assert set(load(tmp_path).records) == {"urn:b"}


def test_a_line_cut_short_takes_no_other_with_it(tmp_path: Path) -> None:
    state = load(tmp_path)
    state.put(record("a"))
    state.close()
    with file_of(tmp_path, "journal").open("a") as file:
        file.write('{"put": {"urn": "urn:cut')
    again = load(tmp_path)
    assert set(again.records) == {"urn:a"}
    again.put(record("b"))
    again.close()
    assert set(load(tmp_path).records) == {"urn:a", "urn:b"}


steps = st.lists(
    st.tuples(st.sampled_from(["put", "drop", "condemn", "bury", "rename", "save"]), st.sampled_from("abc")),
    max_size=12,
)


@relaxed
@given(steps, st.data())
def test_any_history_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, str]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("state")
    state = load(folder)
    for step, name in history:
        if step == "put":
            state.put(record(name, dependencies=[f"urn:{data.draw(st.sampled_from('abc'))}"]))
        elif step == "drop":
            state.drop(f"urn:{name}")
        elif step == "condemn":
            state.condemn(record(name))
        elif step == "bury":
            state.buried(f"/{name}")
        elif step == "rename" and f"urn:{name}" in state.records:
            state.rename(f"urn:{name}", f"urn:x::{name}{name}")
        elif step == "save":
            state.save()
    state.close()
    again = load(folder)
    assert (again.records, again.condemned) == (state.records, state.condemned)
    again.close()


def test_renaming_takes_references_along(tmp_path: Path) -> None:
    state = load(tmp_path)
    state.put(record("a"))
    state.put(record("b", dependencies=["urn:a"], parent="urn:a", property_dependencies={"x": ["urn:a"]}))
    state.rename("urn:a", "urn:s::p::t::new")
    changed = state.records["urn:b"]
    assert changed.dependencies == ["urn:s::p::t::new"]
    assert changed.parent == "urn:s::p::t::new"
    assert changed.property_dependencies == {"x": ["urn:s::p::t::new"]}
    assert state.records["urn:s::p::t::new"].name == "new"


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    state = load(tmp_path)
    state.put(record("a"))
    assert file_of(tmp_path, "journal").stat().st_mode & 0o077 == 0
    state.save()
    assert file_of(tmp_path, "json").stat().st_mode & 0o077 == 0


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    load(tmp_path).close()
    file_of(tmp_path, "json").write_text(json.dumps({"format": 99}))
    with pytest.raises(EngineError, match="written by a newer azlocal"):
        load(tmp_path)


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").touch()
    (tmp_path / "__main__.py").touch()
    load(tmp_path).close()
    file_of(tmp_path, "json").write_text("{")
    with pytest.raises(EngineError, match=r"state of stack 'dev' .* can't be read"):
        saved_outputs(tmp_path, "dev", tmp_path)


def test_one_deployment_at_a_time(tmp_path: Path) -> None:
    held = load(tmp_path)
    with pytest.raises(EngineError, match="another deployment of stack 'dev' is running"):
        load(tmp_path)
    held.close()
    load(tmp_path).close()


class FullDisk(io.StringIO):
    """A file on a disk that has no room left."""

    def flush(self) -> None:
        """As the system says it."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_and_what_was_written_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = load(tmp_path)
    state.put(record("a"))
    with monkeypatch.context() as patch:
        patch.setattr(state, "_journal", FullDisk())
        with pytest.raises(ResourceError, match=r"dev\.journal can't be written: No space left on device; free some"):
            state.put(record("b"))

    def no_room(*_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", no_room)
        with pytest.raises(EngineError, match=r"dev\.new can't be written: No space left on device"):
            state.save()
    state.close()
    assert list(load(tmp_path).records) == ["urn:a"]


def test_what_azure_keeps_is_remembered(tmp_path: Path) -> None:
    state = load(tmp_path)
    for name in ("a", "b", "c"):
        state.keep_deleted(record(name))
    state.undelete("/A")
    state.close()
    again = load(tmp_path)
    assert list(again.deleted) == ["/b", "/c"]
    again.save()
    again.undelete("/b")
    again.close()
    assert list(load(tmp_path).deleted) == ["/c"]
