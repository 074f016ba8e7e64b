"""HTTP to the stand-in's verbs: methods, patch types, selectors, and watches."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from azlocal.kubernetes import schema
from azlocal.kubernetes.kinds import Kind
from azlocal.kubernetes.paths import Target
from azlocal.kubernetes.standin import Event, StandIn
from azlocal.kubernetes.status import Cause, Json, StatusError, bad_request, invalid, not_served

APPLY = {"application/apply-patch+yaml", "application/apply-patch+json"}
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
DEFAULT_WATCH_SECONDS = 1800.0


def kind_of(standin: StandIn, target: Target) -> Kind:
    """The kind that a path's plural means.

    Raises:
        StatusError: 404 where the server knows none.
    """
    for kind in standin.kinds():
        if (kind.group, kind.version, kind.plural) == (target.group, target.version, target.plural):
            return kind
    raise StatusError(404, "NotFound", "the server could not find the requested resource")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: ``media`` is the body's type, ``manager`` who writes."""

    method: str
    target: Target
    query: dict[str, str]
    media: str
    body: Any
    manager: str


class Requests:
    """Requests to a stand-in."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin

    def run(self, asked: Asked) -> tuple[int, Json]:
        """Status and body.

        Raises:
            StatusError: what an API server would refuse, and 501 for what only a real one does.
        """
        method, target, query, manager = asked.method, asked.target, asked.query, asked.manager
        kind = kind_of(self._standin, target)
        if target.subresource and not (target.subresource == "status" and method == "GET"):
            raise not_served(f"{method} of the subresource {target.plural}/{target.subresource}")
        if "dryRun" in query:
            raise not_served("dryRun")
        namespace = target.namespace if kind.namespaced else ""
        match method:
            case "GET" | "HEAD":
                return 200, self._read(kind, namespace, target.name, query)
            case "POST":
                return 201, self._standin.create(self._read_body(kind, asked), manager)
            case "PUT":
                return 200, self._standin.replace(self._read_body(kind, asked), manager)
            case "PATCH":
                return self._patch(kind, asked)
            case "DELETE" if target.name:
                return 200, self._standin.delete(kind, namespace, target.name)
            case "DELETE":
                return 200, self._delete_all(kind, namespace, query)
        raise StatusError(405, "MethodNotAllowed", f"the server does not allow {method} on this resource")

    def _read_body(self, kind: Kind, asked: Asked) -> Json:
        """The manifest; what its kind doesn't know is dropped, unless the client wants it to be strict."""
        given = _addressed(kind, asked.target, asked.body)
        if asked.query.get("fieldValidation") == "Strict":
            return given
        return dict(schema.known(self._standin.definition(kind), given))

    def _read(self, kind: Kind, namespace: str, name: str, query: dict[str, str]) -> Json:
        if name:
            return self._standin.get(kind, namespace, name)
        found = self._standin.collection(kind, namespace)
        wanted = selector(query)
        found["items"] = [one for one in found["items"] if wanted(one)]
        return found

    def _delete_all(self, kind: Kind, namespace: str, query: dict[str, str]) -> Json:
        found = self._read(kind, namespace, "", query)
        for one in found["items"]:
            self._standin.delete(kind, one["metadata"].get("namespace", ""), one["metadata"]["name"])
        return found

    def _patch(self, kind: Kind, asked: Asked) -> tuple[int, Json]:
        target, query, media, body, manager = asked.target, asked.query, asked.media, asked.body, asked.manager
        namespace = target.namespace if kind.namespaced else ""
        if media in APPLY:
            if "fieldManager" not in query:
                missing = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
                raise invalid("PatchOptions", "meta.k8s.io", "", (missing,))
            made = _missing(self._standin, kind, namespace, target.name)
            force = query.get("force", "").lower() in {"true", "1"}
            answer = self._standin.apply(_addressed(kind, target, body), manager, force=force)
            return (201 if made else 200), answer
        if media in {MERGE, STRATEGIC} and not isinstance(body, dict):
            raise bad_request("a patch must be an object")
        if media == MERGE:
            return 200, self._standin.merge(kind, namespace, target.name, body, manager)
        if media == STRATEGIC:
            return 200, self._standin.strategic(kind, namespace, target.name, body, manager)
        if media == JSON_PATCH:
            raise not_served("JSON patches")
        raise StatusError(
            415,
            "UnsupportedMediaType",
            f"the body of the request was in an unknown format: '{media}'. Accepted:"
            f" {', '.join(sorted({*APPLY, MERGE, STRATEGIC}))}",
        )


def _missing(standin: StandIn, kind: Kind, namespace: str, name: str) -> bool:
    try:
        standin.get(kind, namespace, name)
    except StatusError:
        return True
    return False


def _addressed(kind: Kind, target: Target, body: Any) -> Json:
    """The manifest in a body, which has to name what the path names.

    Raises:
        StatusError: 400 where they differ.
    """
    if not isinstance(body, dict):
        raise bad_request("the body must be an object")
    given = {"apiVersion": kind.api_version, "kind": kind.name, **body}
    metadata = dict(given.get("metadata") or {})
    if (given["apiVersion"], given["kind"]) != (kind.api_version, kind.name):
        raise bad_request(
            f'{given["kind"]} in version "{given["apiVersion"]}" cannot be handled as a {kind.name}: the path says'
            f" {kind.api_version}"
        )
    if target.name and metadata.setdefault("name", target.name) != target.name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
        )
    if kind.namespaced and target.namespace and metadata.setdefault("namespace", target.namespace) != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return {**given, "metadata": metadata}


# One requirement of a selector: ``!a``, ``a``, ``a=b``, ``a in (b, c)`` (Kubernetes, "Labels and Selectors").
_REQUIREMENT = re.compile(
    r"""\s*(?P<no>!?)\s*(?P<name>[-\w./]+)
        (?:\s*(?P<sign>==?|!=)\s*(?P<value>[-\w.]*)
          |\s+(?P<set>in|notin)\s*\((?P<values>[-\w., ]*)\))?\s*""",
    re.VERBOSE,
)


def selector(query: dict[str, str]) -> Callable[[Json], bool]:
    """Label and field selectors.

    Raises:
        StatusError: 400 for what is no selector.
    """
    wanted, fields = (_requirements(query.get(name, "")) for name in ("labelSelector", "fieldSelector"))

    def matches(stored: Json) -> bool:
        labels = stored["metadata"].get("labels") or {}
        known = {f"metadata.{name}": stored["metadata"].get(name, "") for name in ("name", "namespace")}
        return all(test(labels) for test in wanted) and all(test(known) for test in fields)

    return matches


def _requirements(text: str) -> list[Callable[[dict[str, str]], bool]]:
    found: list[Callable[[dict[str, str]], bool]] = []
    while text:
        match = _REQUIREMENT.match(text)
        rest = text[match.end() :] if match else text
        if match is None or rest[:1] not in {"", ","} or (match["no"] and (match["sign"] or match["set"])):
            raise bad_request(f"unable to parse requirement: '{text}'")
        found.append(_requirement(match))
        text = rest[1:]
    return found


def _requirement(match: re.Match[str]) -> Callable[[dict[str, str]], bool]:
    name, negative = match["name"], bool(match["no"]) or match["sign"] == "!=" or match["set"] == "notin"
    if match["sign"] is None and match["set"] is None:
        return lambda labels: (name in labels) != negative
    values = {match["value"]} if match["sign"] else {one.strip() for one in match["values"].split(",")}
    return lambda labels: (labels.get(name) in values) != negative


class Watch:
    """The changes of one kind, as lines of JSON; first what there is, unless a version to go on from was given."""

    def __init__(self, standin: StandIn, target: Target, query: dict[str, str]) -> None:
        self._kind = kind_of(standin, target)
        self._namespace = target.namespace if self._kind.namespaced else ""
        self._name = target.name
        self._matches = selector(query)
        self._seconds = float(query.get("timeoutSeconds") or DEFAULT_WATCH_SECONDS)
        self._queue: asyncio.Queue[tuple[str, Json] | None] = asyncio.Queue()
        since = int(query.get("resourceVersion") or 0)
        for one in standin.collection(self._kind, self._namespace)["items"]:
            if int(one["metadata"]["resourceVersion"]) > since:
                self._offer("ADDED", one)

    def tell(self, event: Event) -> None:
        """Something changed in the cluster."""
        what, kind, stored = event
        if (kind.group, kind.plural) == (self._kind.group, self._kind.plural):
            self._offer(what, stored)

    def end(self) -> None:
        """Stop the stream."""
        self._queue.put_nowait(None)

    def _offer(self, what: str, stored: Json) -> None:
        metadata = stored["metadata"]
        here = not self._namespace or metadata.get("namespace") == self._namespace
        if here and (not self._name or metadata["name"] == self._name) and self._matches(stored):
            self._queue.put_nowait((what, {**stored, "apiVersion": self._kind.api_version}))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The events, until the time is over or ``end``."""
        try:
            async with asyncio.timeout(self._seconds):
                while (event := await self._queue.get()) is not None:
                    yield json.dumps({"type": event[0], "object": event[1]}).encode() + b"\n"
        except TimeoutError:
            return
