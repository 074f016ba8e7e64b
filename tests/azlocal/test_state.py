"""The store: trees of resources, transactions, versions; a model dictionary checks it with random operations."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from azlocal.errors import StateError
from azlocal.state import Resource, State, StateFolder
from azlocal.state.folder import MARK, write_private
from azlocal.state.store import parent_key

GROUP = "/subscriptions/s/resourceGroups/rg"
INT64 = st.integers(-(2**63), 2**63 - 1)  # what a number in a resource can be
NAMES = st.sampled_from("aB") | st.text("abAB-_.0", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("key", "parent"),
    [
        ("/subscriptions/s/resourcegroups/rg", "/subscriptions/s"),
        (f"{GROUP}/providers/microsoft.x/as/one".lower(), GROUP.lower()),
        (f"{GROUP}/providers/microsoft.x/as/one/bs/two".lower(), f"{GROUP}/providers/microsoft.x/as/one".lower()),
        (f"{GROUP}/providers/m.x/as/one/providers/m.y/ls/l".lower(), f"{GROUP}/providers/m.x/as/one".lower()),
        ("/subscriptions/s/providers/m.y/rs/r", "/subscriptions/s"),
    ],
)
def test_parent_is_the_resource_or_scope_above(key: str, parent: str) -> None:
    assert parent_key(key) == parent


TARGETS = ("/targets/one", "/targets/two")


class Tree(RuleBasedStateMachine):
    """Random puts and deletes of parents and children against a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.model: dict[str, dict[str, object]] = {}
        self.refs: dict[str, set[str]] = {}

    @rule(name=NAMES, pointed=st.sets(st.sampled_from(TARGETS)))
    def put_pointing(self, name: str, pointed: set[str]) -> None:
        self._put(f"{GROUP}/providers/M.X/as/{name}", "M.X/as", 0, pointed)

    @rule(name=NAMES)
    def put_in_vain(self, name: str) -> None:
        def fail() -> None:
            self.state.put(Resource(f"{GROUP}/providers/M.X/as/{name}", "M.X/as", {"v": 1}), set(TARGETS))
            self.state.put(Resource(f"{GROUP}/providers/M.X/as/{name}", "M.X/as", {"v": 2}), set())
            raise KeyError

        with pytest.raises(KeyError), self.state.transaction():
            fail()

    @rule(name=NAMES, value=INT64)
    def put_parent(self, name: str, value: int) -> None:
        self._put(f"{GROUP}/providers/M.X/as/{name}", "M.X/as", value)

    @rule(name=NAMES, child=NAMES, value=INT64)
    def put_child(self, name: str, child: str, value: int) -> None:
        self._put(f"{GROUP}/providers/M.X/as/{name}/bs/{child}", "M.X/as/bs", value)

    @rule(name=NAMES)
    def delete_parent(self, name: str) -> None:
        key = f"{GROUP}/providers/M.X/as/{name}".lower()
        gone = {resource.key for resource in self.state.delete(key)}
        expected = {one for one in self.model if one == key or one.startswith(key + "/")}
        assert gone == expected
        for one in expected:
            del self.model[one]
            self.refs.pop(one, None)

    def _put(self, id_: str, type_: str, value: int, targets: set[str] | None = None) -> None:
        self.state.put(Resource(id_, type_, {"v": value}), targets)
        self.model[id_.lower()] = {"v": value}
        if targets is not None:
            self.refs[id_.lower()] = targets

    @invariant()
    def same(self) -> None:
        below = {resource.key: resource.body for resource in self.state.below(GROUP.lower())}
        assert below == self.model
        parents = [resource.key for resource in self.state.children(GROUP.lower(), "m.x/AS")]
        assert parents == sorted(key for key in self.model if "/bs/" not in key)
        assert [one.key for one in self.state.of_type("m.x/AS")] == parents
        assert [one.key for one in self.state.of_type("M.X/as/bs")] == sorted(
            key for key in self.model if "/bs/" in key
        )
        for target in TARGETS:
            found = sorted(self.state.referrers(target))
            assert found == sorted(source for source, targets in self.refs.items() if target in targets)


TestTree = Tree.TestCase
TestTree.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_transaction_is_all_or_nothing() -> None:
    state = State()

    def fail_half_way() -> None:
        state.put(Resource(f"{GROUP}/providers/M.X/as/one", "M.X/as", {}))
        state.put_document("kind", "key", 1)
        raise KeyError

    with pytest.raises(KeyError), state.transaction():
        fail_half_way()
    assert state.below(GROUP.lower()) == []
    assert state.document("kind", "key") is None


def test_what_was_rolled_back_points_as_before() -> None:
    state, one = State(), Resource(f"{GROUP}/providers/M.X/as/one", "M.X/as", {})
    state.put(one, {"/targets/one"})

    def fail_half_way() -> None:
        state.put(one, set())
        raise KeyError

    with pytest.raises(KeyError), state.transaction():
        fail_half_way()
    state.put(one, {"/targets/two"})
    assert [state.referrers(target) for target in TARGETS] == [[], [one.key]]


@given(st.lists(st.one_of(st.integers(), st.text(), st.none()), max_size=20))
@settings(max_examples=20, deadline=None)
def test_records_keep_their_order(values: list[object]) -> None:
    state = State()
    state.append("metric", "run", values[:5])
    state.append("metric", "other", [1])
    state.append("metric", "run", values[5:])
    assert state.records("metric", "run") == values


def test_documents_are_found_by_prefix() -> None:
    state = State()
    for key in ("a/1", "a/2", "ab", "b/1"):
        state.put_document("kind", key, key)
    assert [key for key, _ in state.documents("kind", "a/")] == ["a/1", "a/2"]


def test_newer_state_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    State(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StateError, match="version 99") as raised:
        State(path)
    assert "azlocal reset" in str(raised.value.hint)
    assert path.read_bytes() == before


def test_folder_is_private_and_locked_once(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.lock()
    assert folder.path.stat().st_mode & 0o077 == 0
    assert folder.secret("one") == folder.secret("one") != folder.secret("two")
    assert (folder.path / "secrets" / "one").stat().st_mode & 0o077 == 0
    with pytest.raises(StateError, match="in use by another azlocal"):
        StateFolder(tmp_path / "state").lock()
    folder.unlock()


@pytest.mark.parametrize("name", ["notes.txt", "clone"])
def test_a_folder_of_something_else_is_neither_taken_nor_cleared(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "keys").mkdir()
    folder = StateFolder(tmp_path)
    for attempt in (folder.create, folder.clear):
        with pytest.raises(StateError, match=f"no state folder of azlocal: it holds '{name}'"):
            attempt()
    assert {entry.name for entry in tmp_path.iterdir()} == {name, "keys"}


def test_clearing_leaves_what_azlocal_did_not_make_and_what_is_costly(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.lock()
    folder.unlock()
    State(folder.database).close()
    folder.secret("one")
    folder.sub("environments", "built")
    (folder.path / "outputs.json").write_text("{}")
    folder.clear()
    assert {entry.name for entry in folder.path.iterdir()} == {MARK, "environments", "outputs.json"}
    folder.create()


def test_a_path_with_spaces_has_another_that_a_shell_takes_for_one_word(tmp_path: Path) -> None:
    plain = StateFolder(tmp_path / "state")
    assert plain.without_spaces(plain.sub("jobs")) == plain.path / "jobs"
    spaced = StateFolder(tmp_path / "my state")
    spaced.create()
    job = spaced.sub("jobs", "one")
    (job / "log").write_text("said")
    found = spaced.without_spaces(job)
    assert " " not in str(found)
    assert (found / "log").read_text() == "said"
    assert spaced.without_spaces(job) == found
    spaced.clear()
    assert not found.exists()


class Full:
    """A database whose disk is full when a transaction is to be written, as long as ``full``."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.full = True

    def execute(self, statement: str, *given: Any) -> Any:
        if statement == "COMMIT" and self.full:
            raise sqlite3.OperationalError("database or disk is full")
        return self._database.execute(statement, *given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def test_after_a_commit_that_failed_the_next_one_works(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    disk: Any = Full(state._db)
    state._db = disk
    one = Resource(f"{GROUP}/providers/A.B/c/one", "A.B/c", {"name": "one"})
    with pytest.raises(sqlite3.OperationalError, match="full"), state.transaction():
        state.put(one)
    assert state.get(one.key) is None, "what is not written is not there"
    disk.full = False
    with state.transaction():
        state.put(one)
    assert state.get(one.key) is not None
    state.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 100, None])
def test_a_damaged_database_is_said_to_be(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "state.db"
    state = State(path)
    for number in range(200):
        state.put_document("kind", str(number), "x" * 100)
    state.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if damage is None else damage)
    with pytest.raises(StateError, match=r"state\.db is damaged: ") as raised:
        State(path)
    assert "azlocal reset" in str(raised.value.hint)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "token").mkdir()
    with pytest.raises(StateError, match="token can't be written: Is a directory"):
        write_private(tmp_path / "token", "secret")
    assert [entry.name for entry in tmp_path.iterdir()] == ["token"]
