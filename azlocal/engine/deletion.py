"""Deleting many resources at once, each after everything that depends on it."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from azlocal.engine.errors import RefusedError, ResourceError
from azlocal.engine.events import Failure
from azlocal.engine.stack_state import Record, StackState

WORKERS = 16


def delete_all(doomed: list[Record], state: StackState, delete: Callable[[Record], None]) -> list[Failure]:
    """Delete the records; what fails keeps everything that it depends on.

    ``delete`` does one of them and raises ``ResourceError`` where it can't. The state forgets each as it goes.
    """
    if not doomed:
        return []
    waiting = _dependents(doomed)
    needs = _needs(doomed)
    failures: list[Failure] = []
    ended: queue.SimpleQueue[tuple[int, Future[None]]] = queue.SimpleQueue()
    with ThreadPoolExecutor(WORKERS) as pool:
        running = 0

        def start(index: int) -> None:
            future = pool.submit(delete, doomed[index])
            future.add_done_callback(lambda done: ended.put((index, done)))

        for index, dependents in enumerate(waiting):
            if not dependents:
                start(index)
                running += 1
        while running:
            index, future = ended.get()
            running -= 1
            if failure := _failure(doomed[index], future):
                failures.append(failure)
                continue
            _forget(doomed[index], state)
            for needed in needs[index]:
                waiting[needed].discard(index)
                if not waiting[needed]:
                    start(needed)
                    running += 1
    return failures


def deletion_order(records: list[Record]) -> list[Record]:
    """The records one after the other, dependents first."""
    waiting = _dependents(records)
    needs = _needs(records)
    order = [index for index, dependents in enumerate(waiting) if not dependents]
    for index in order:
        for needed in needs[index]:
            waiting[needed].discard(index)
            if not waiting[needed]:
                order.append(needed)  # the list is its own queue
    return [records[index] for index in order]


def _needs(records: list[Record]) -> list[set[int]]:
    """For each record, the positions of those it depends on."""
    by_urn: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        by_urn.setdefault(record.urn, []).append(index)
    return [
        {index for urn in record.all_dependencies for index in by_urn.get(urn, ()) if index != at}
        for at, record in enumerate(records)
    ]


def _dependents(records: list[Record]) -> list[set[int]]:
    """For each record, the positions of those that depend on it."""
    found: list[set[int]] = [set() for _ in records]
    for index, needed in enumerate(_needs(records)):
        for other in needed:
            found[other].add(index)
    return found


def _failure(record: Record, future: Future[None]) -> Failure | None:
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, ResourceError):
        return Failure(record.urn, error.code, error.message)
    if isinstance(error, RefusedError):
        return Failure(record.urn, "NotServed", error.message)
    raise error


def _forget(record: Record, state: StackState) -> None:
    if state.condemned.get(record.grave) is record:
        state.buried(record.grave)
    else:
        state.drop(record.urn)
