"""The stand-in beside a real API server: the same requests, and both say the same."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from azlocal.kubernetes.kinds import BUILT_IN
from azlocal.kubernetes.paths import parse
from azlocal.kubernetes.requests import Asked, Requests
from azlocal.kubernetes.standin import StandIn
from azlocal.kubernetes.status import StatusError
from azlocal.state import State
from tests.e2e.cluster import RealCluster, connect

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(120)]

Json = dict[str, Any]
APPLY, MERGE, STRATEGIC, JSON = (
    "application/apply-patch+yaml",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/json",
)
STRICT = {"fieldManager": "me", "fieldValidation": "Strict"}


# Who writes besides in a cluster that has controllers: a deployment's status and revision.
CONTROLLERS = {("kube-controller-manager", "Update")}


@dataclass(frozen=True)
class Ask:
    """One request; ``{ns}`` in its path is the test's own namespace."""

    method: str
    path: str
    body: Any = None
    media: str = JSON
    query: dict[str, str] = field(default_factory=lambda: STRICT)


def apply(path: str, body: Any, manager: str = "me", **query: str) -> Ask:
    return Ask("PATCH", path, body, APPLY, {**STRICT, "fieldManager": manager, **query})


def send_real(cluster: RealCluster, ask: Ask, namespace: str) -> tuple[int, Any]:
    path = ask.path.replace("{ns}", namespace)
    content = json.dumps(ask.body) if ask.body is not None else None
    answer = cluster.http.request(
        ask.method, path, params=ask.query, content=content, headers={"content-type": ask.media}
    )
    return answer.status_code, answer.json()


def send_standin(standin: StandIn, ask: Ask, namespace: str) -> tuple[int, Any]:
    try:
        target = parse(ask.path.replace("{ns}", namespace))
        assert target
        asked = Asked(ask.method, target, ask.query, ask.media, ask.body, ask.query.get("fieldManager", "x"))
        return Requests(standin).run(asked)
    except StatusError as error:
        return error.code, error.body()


def essence(status: int, body: Any, namespace: str) -> Json:
    """What of an answer has to be the same: all of a refusal but its prose, all of an object but when and by what."""
    if body.get("kind") == "Status" and status >= 400:
        details = body.get("details") or {}
        causes = sorted((one.get("reason", ""), one.get("field", "")) for one in details.get("causes", ()))
        return {"status": status, "reason": body.get("reason"), "causes": causes, "name": details.get("name")}
    metadata = body.get("metadata", {})
    owned = {(one["manager"], one["operation"]) for one in metadata.get("managedFields", ())} - CONTROLLERS
    kept = {key: metadata.get(key) for key in ("labels", "generation", "namespace")}
    found = {"status": status, "kind": body.get("kind"), "metadata": kept, "managers": sorted(owned)}
    found |= {key: body[key] for key in ("data", "type", "items") if key in body}
    if "items" in found:
        found["items"] = sorted(one["metadata"]["name"] for one in found["items"])
    return dict(json.loads(json.dumps(found).replace(namespace, "{ns}")))


@pytest.fixture(scope="module")
def cluster() -> Iterator[RealCluster]:
    with connect() as made:
        yield made


@pytest.fixture
def namespace(cluster: RealCluster) -> Iterator[str]:
    name = f"parity-{uuid.uuid4().hex[:8]}"
    yield name
    cluster.http.delete(f"/api/v1/namespaces/{name}")


SPACE = "/api/v1/namespaces/{ns}"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{ns}/deployments"
MAPS = f"{SPACE}/configmaps"


def space(**metadata: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def config(name: str = "c", **more: Any) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more}


def deployment(*containers: tuple[str, str], selector: str = "one", **metadata: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "one", **metadata},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": selector}},
            "template": {
                "metadata": {"labels": {"app": selector}},
                "spec": {"containers": [{"name": name, "image": image} for name, image in containers]},
            },
        },
    }


def broken() -> Json:
    made = deployment(("a", "i"))
    del made["spec"]["selector"]
    made["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": "x"}]
    return made


ONE = f"{DEPLOYMENTS}/one"
MADE = apply(ONE, deployment(("a", "i")))
ROLE_BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "b"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
}
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings"
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "value"}}

CASES: dict[str, tuple[Ask, ...]] = {
    "apply twice": (apply(f"{MAPS}/c", config(data={"a": "1"})),) * 2,
    "apply less": (
        apply(f"{MAPS}/c", config(data={"a": "1", "b": "2"})),
        apply(f"{MAPS}/c", config(data={"b": "2"})),
    ),
    "read": (apply(f"{MAPS}/c", config()), Ask("GET", f"{MAPS}/c"), Ask("GET", f"{MAPS}/none")),
    "read an unknown kind": (Ask("GET", f"{SPACE}/gadgets"),),
    "delete": (apply(f"{MAPS}/c", config()), Ask("DELETE", f"{MAPS}/c"), Ask("DELETE", f"{MAPS}/c")),
    "create twice": (Ask("POST", MAPS, config()),) * 2,
    "create by generated name": (
        Ask("POST", MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}}),
    ),
    "create without a name": (Ask("POST", MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}),),
    "replace what is not there": (Ask("PUT", f"{MAPS}/c", config()),),
    "replace an old version": (
        Ask("POST", MAPS, config()),
        Ask("PUT", f"{MAPS}/c", {**config(data={"a": "1"}), "metadata": {"name": "c", "resourceVersion": "1"}}),
    ),
    "merge": (
        Ask("POST", MAPS, config(data={"a": "1"})),
        Ask("PATCH", f"{MAPS}/c", {"data": {"a": None, "b": "2"}}, MERGE),
    ),
    "strategic merge": (MADE, Ask("PATCH", ONE, {"metadata": {"labels": {"theirs": "2"}}}, STRATEGIC)),
    "another manager's fields stay": (
        apply(ONE, deployment(("a", "i"), labels={"mine": "1"})),
        Ask("PATCH", ONE, {"metadata": {"labels": {"theirs": "2"}}}, STRATEGIC, {**STRICT, "fieldManager": "them"}),
        apply(ONE, deployment(("a", "j"))),
    ),
    "conflict": (MADE, apply(ONE, deployment(("a", "j")), "them"), Ask("GET", ONE)),
    "conflict, forced": (
        MADE,
        apply(ONE, deployment(("a", "j")), "them", force="true"),
        apply(ONE, deployment(("a", "i"))),
    ),
    "no conflict over the same value": (MADE, apply(ONE, deployment(("a", "i")), "them")),
    "an immutable field": (MADE, apply(ONE, deployment(("a", "i"), selector="two"))),
    "an immutable reference": (
        apply(f"{BINDINGS}/b", ROLE_BINDING),
        apply(f"{BINDINGS}/b", {**ROLE_BINDING, "roleRef": {**ROLE_BINDING["roleRef"], "name": "other"}}),  # type: ignore[dict-item]
    ),
    "an immutable type": (
        apply(f"{SPACE}/secrets/s", SECRET),
        apply(f"{SPACE}/secrets/s", {**SECRET, "type": "example.com/other"}),
    ),
    "a secret's text": (apply(f"{SPACE}/secrets/s", SECRET),),
    "a new spec is a new generation": (MADE, apply(ONE, deployment(("a", "j")))),
    "an upper-case name": (apply(f"{MAPS}/Upper", config("Upper")),),
    "an upper-case namespace": (apply("/api/v1/namespaces/Upper", space(name="Upper")),),
    "a bad label": (apply(f"{MAPS}/c", {**config(), "metadata": {"name": "c", "labels": {"-bad": "x"}}}),),
    "a label that is a number": (apply(f"{MAPS}/c", {**config(), "metadata": {"name": "c", "labels": {"x": 1}}}),),
    "a label that is a number, created": (
        Ask("POST", MAPS, {**config(), "metadata": {"name": "c", "labels": {"x": 1}}}),
    ),
    "an unknown field": (apply(f"{MAPS}/c", config(spek={})),),
    "an unknown field, created": (Ask("POST", MAPS, config(spek={})),),
    "an unknown field, not strict": (Ask("POST", MAPS, config(spek={}), query={"fieldManager": "me"}),),
    "an unknown kind": (apply(f"{MAPS}/c", {**config(), "kind": "ConfigMapp"}),),
    "no kind": (apply(f"{MAPS}/c", {**config(), "kind": None}),),
    "another name in the body": (apply(f"{MAPS}/c", config("d")),),
    "another namespace in the body": (
        apply(f"{MAPS}/c", {**config(), "metadata": {"name": "c", "namespace": "default"}}),
    ),
    "required fields and types": (apply(ONE, broken()),),
    "required fields and types, created": (Ask("POST", DEPLOYMENTS, broken()),),
    "a required field": (
        apply(ONE, {**deployment(("a", "i")), "spec": {"template": deployment(("a", "i"))["spec"]["template"]}}),
    ),
    "no field manager": (Ask("PATCH", f"{MAPS}/c", config(), APPLY, {}),),
    "an unknown patch": (Ask("POST", MAPS, config()), Ask("PATCH", f"{MAPS}/c", config(), "application/x-patch")),
    "no such namespace": (apply("/api/v1/namespaces/none/configmaps/c", config()),),
    "selected by labels": (
        Ask("POST", MAPS, {**config("a"), "metadata": {"name": "a", "labels": {"x": "1"}}}),
        Ask("POST", MAPS, {**config("b"), "metadata": {"name": "b", "labels": {"x": "2"}}}),
        Ask("GET", MAPS, query={"labelSelector": "x=1"}),
        Ask("GET", MAPS, query={"labelSelector": "x!=1,x"}),
        Ask("GET", MAPS, query={"labelSelector": "x in (1, 2)"}),
        Ask("GET", MAPS, query={"labelSelector": "x notin (1)", "fieldSelector": "metadata.name=b"}),
        Ask("GET", MAPS, query={"fieldSelector": "metadata.name=b"}),
        Ask("GET", MAPS, query={"labelSelector": "x=(("}),
    ),
}


@pytest.mark.parametrize("asks", CASES.values(), ids=CASES.keys())
def test_both_say_the_same(cluster: RealCluster, namespace: str, asks: tuple[Ask, ...]) -> None:
    standin = StandIn(State(None), "/subscriptions/s/c")
    for ask in (apply(SPACE, space(name=namespace)), *asks):
        real = essence(*send_real(cluster, ask, namespace), namespace)
        ours = essence(*send_standin(standin, ask, namespace), namespace)
        # What a real cluster's controllers put into each new namespace may come in between.
        if "items" in real:
            real["items"] = [name for name in real["items"] if name != "kube-root-ca.crt"]
        assert ours == real, ask


def test_both_say_the_same_of_custom_resources(cluster: RealCluster) -> None:
    group, standin = f"parity-{uuid.uuid4().hex[:8]}.example.com", StandIn(State(None), "/subscriptions/s/c")
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    shape = {"type": "object", "properties": {"spec": size}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": shape}}],
        },
    }
    definitions, path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", f"/apis/{group}/v1"
    widgets = f"{path}/namespaces/default/widgets"
    good = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}
    bad = {**good, "spec": {"size": "big"}}
    try:
        made = Ask("POST", definitions, definition)
        assert (send_real(cluster, made, "")[0], send_standin(standin, made, "")[0]) == (201, 201)
        cluster.served(path)
        for ask in (
            Ask("POST", widgets, {**bad, "metadata": {"name": "v"}}), apply(f"{widgets}/w", good),
            apply(f"{widgets}/w", bad), Ask("GET", f"{widgets}/w"), Ask("DELETE", f"{widgets}/w"),
        ):  # fmt: skip
            real, ours = send_real(cluster, ask, ""), send_standin(standin, ask, "")
            assert essence(*ours, "parity-") == essence(*real, "parity-"), (ask, ours, real)
    finally:
        cluster.http.delete(f"{definitions}/widgets.{group}")


def test_every_kind_of_the_table_is_as_discovery_says(cluster: RealCluster) -> None:
    said = {
        (version, one["kind"]): (one["name"], one["namespaced"], tuple(one.get("shortNames", ())))
        for version, one in cluster.resources()
    }
    ours = {(kind.api_version, kind.name): (kind.plural, kind.namespaced, kind.short) for kind in BUILT_IN}
    assert ours == {key: said.get(key) for key in ours}
