"""The stand-in cluster: ownership of fields, Kubernetes' own rules, and no pretending."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azlocal.kubernetes import schema
from azlocal.kubernetes.apply import gone, leaves, merge, remove
from azlocal.kubernetes.kinds import BUILT_IN, Kind
from azlocal.kubernetes.paths import Target
from azlocal.kubernetes.requests import Asked, Requests, selector
from azlocal.kubernetes.standin import NOTICE, Event, StandIn
from azlocal.kubernetes.status import StatusError
from azlocal.kubernetes.validate import check
from azlocal.state import State

CLUSTER = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/c"


@pytest.fixture
def cluster() -> StandIn:
    return StandIn(State(None), CLUSTER)


def namespace(name: str = "models", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **metadata}}


def deployment(*containers: tuple[str, str], **metadata: Any) -> dict[str, Any]:
    labels = {"app": "one"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "one", "namespace": "default", **metadata},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": name, "image": image} for name, image in containers]},
            },
        },
    }


def images(stored: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["image"] for one in stored["spec"]["template"]["spec"]["containers"]}


@contextmanager
def refuse(code: int, reason: str, *fields: str) -> Iterator[None]:
    """The API server refuses, naming these fields."""
    with pytest.raises(StatusError) as caught:
        yield
    error = caught.value
    assert (error.code, error.reason) == (code, reason), error.message
    assert [cause.field for cause in error.causes] == list(fields)


def test_a_new_cluster_has_what_every_cluster_has(cluster: StandIn) -> None:
    found = cluster.collection(cluster.kind("v1", "Namespace"))["items"]
    assert {one["metadata"]["name"] for one in found} == {"default", "kube-system", "kube-public", "kube-node-lease"}
    accounts = cluster.collection(cluster.kind("v1", "ServiceAccount"), "default")["items"]
    assert [one["metadata"]["name"] for one in accounts] == ["default"]


def test_apply_makes_an_object_and_says_that_nothing_runs(cluster: StandIn) -> None:
    made = cluster.apply(deployment(("a", "i")), "me")
    assert made["metadata"]["uid"]
    assert made["metadata"]["generation"] == 1
    assert made["status"]["conditions"][0]["message"] == NOTICE
    assert "availableReplicas" not in made["status"]
    assert made["metadata"]["managedFields"][0]["manager"] == "me"


def test_applying_the_same_changes_nothing(cluster: StandIn) -> None:
    first = cluster.apply(deployment(("a", "i")), "me")
    assert cluster.apply(deployment(("a", "i")), "me") == first
    changed = cluster.apply(deployment(("a", "j")), "me")
    assert int(changed["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])
    assert changed["metadata"]["uid"] == first["metadata"]["uid"]
    assert changed["metadata"]["generation"] == 2


def test_what_a_manager_no_longer_sets_goes(cluster: StandIn) -> None:
    cluster.apply(deployment(("a", "i"), ("b", "i"), labels={"x": "1", "y": "2"}), "me")
    changed = cluster.apply(deployment(("b", "i"), labels={"y": "2"}), "me")
    assert images(changed) == {"b": "i"}
    assert changed["metadata"]["labels"] == {"y": "2"}


def test_what_another_manager_sets_stays(cluster: StandIn) -> None:
    cluster.apply(deployment(("a", "i"), labels={"mine": "1"}), "me")
    other = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "one", "namespace": "default", "labels": {"theirs": "2"}},
    }
    kind = cluster.kind("apps/v1", "Deployment")
    cluster.strategic(kind, "default", "one", {"metadata": other["metadata"]}, "them")
    changed = cluster.apply(deployment(("a", "j")), "me")
    assert changed["metadata"]["labels"] == {"theirs": "2"}


def test_a_field_of_another_manager_is_a_conflict_unless_forced(cluster: StandIn) -> None:
    cluster.apply(deployment(("a", "i")), "me")
    field = '.spec.template.spec.containers[name="a"].image'
    with refuse(409, "Conflict", field):
        cluster.apply(deployment(("a", "j")), "them")
    assert images(cluster.apply(deployment(("a", "j")), "them", force=True)) == {"a": "j"}
    with refuse(409, "Conflict", field):
        cluster.apply(deployment(("a", "i")), "me")


names = st.text(string.ascii_lowercase, min_size=1, max_size=2)
objects = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=1),
    lambda inner: st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
).filter(lambda value: isinstance(value, dict))


@settings(max_examples=80)
@given(objects, objects)
def test_merging_and_removing_gives_the_second_object(first: Any, second: Any) -> None:
    """What one manager applied first and no longer applies is gone, what it applies now is there."""
    merged = merge({}, first, second)
    for path in gone(leaves({}, first), leaves({}, second), {}):
        remove({}, merged, path)
    assert leaves({}, second).items() <= leaves({}, merged).items()
    assert set(leaves({}, merged)) - set(leaves({}, second)) <= {
        path for path, value in leaves({}, merged).items() if value in ({}, [])
    }


@pytest.mark.parametrize(
    ("change", "code", "reason", "fields"),
    [
        ({"metadata": {"name": "Upper"}}, 422, "Invalid", ["metadata.name"]),
        ({"metadata": {}}, 422, "Invalid", ["metadata.name"]),
        ({"metadata": {"name": "a", "labels": {"-bad": "x"}}}, 422, "Invalid", ["metadata.labels"]),
        ({"metadata": {"name": "a", "labels": {"x": 1}}}, 400, "BadRequest", []),
        ({"spek": {}}, 400, "BadRequest", []),
        ({"kind": "Namespaze"}, 404, "NotFound", []),
        ({"kind": None}, 400, "BadRequest", []),
    ],
)
def test_namespace_refusals(change: dict[str, Any], code: int, reason: str, fields: list[str]) -> None:
    with refuse(code, reason, *fields):
        check({**namespace(), **change})


def test_required_fields_are_named_with_their_path() -> None:
    broken = deployment(("a", "i"))
    del broken["spec"]["selector"]
    with refuse(422, "Invalid", "spec.selector", "spec.template.metadata.labels"):
        check(broken)


@pytest.mark.parametrize(
    ("applied", "code", "reason", "says"),
    [
        (True, 500, "", "failed to create typed patch object (default/one; apps/v1, Kind=Deployment): .spec.replicas"),
        (False, 400, "BadRequest", 'Deployment in version "apps/v1" cannot be handled as a Deployment: spec.replicas'),
    ],
)
def test_what_cannot_be_read_is_named_with_its_path(*, applied: bool, code: int, reason: str, says: str) -> None:
    broken = deployment(("a", "i"))
    broken["spec"]["replicas"] = "three"
    with pytest.raises(StatusError) as caught:
        check(broken, applied=applied)
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert caught.value.message.startswith(says)


def test_a_controller_selects_the_pods_it_makes() -> None:
    other = deployment(("a", "i"))
    other["spec"]["selector"] = {"matchLabels": {"app": "two"}}
    with refuse(422, "Invalid", "spec.template.metadata.labels"):
        check(other)
    other["spec"]["selector"] = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    check(other)


def test_unknown_fields_are_dropped_where_nobody_is_strict(cluster: StandIn) -> None:
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "a": 1}, "data": {"k": "v"}, "spek": {}}
    target = Target("", "v1", "configmaps", "default")
    asked = Asked("POST", target, {}, "application/json", made, "me")
    status, stored = Requests(cluster).run(asked)
    assert (status, stored["data"]) == (201, {"k": "v"})
    assert "spek" not in stored
    assert "a" not in stored["metadata"]
    with refuse(400, "BadRequest"):
        Requests(cluster).run(replace(asked, query={"fieldValidation": "Strict"}))


def test_a_deletion_answers_a_status_and_for_some_kinds_the_object(cluster: StandIn) -> None:
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
    gone = cluster.delete(cluster.kind("v1", "ConfigMap"), "default", "c")
    assert (gone["kind"], gone["status"], gone["details"]["name"]) == ("Status", "Success", "c")
    assert cluster.delete(cluster.kind("v1", "ServiceAccount"), "default", "default")["kind"] == "ServiceAccount"


def test_who_sets_nothing_manages_nothing(cluster: StandIn) -> None:
    made = cluster.apply(namespace(), "me")
    assert made["metadata"]["managedFields"] == []
    assert "generation" not in made["metadata"]


def test_what_may_be_number_or_string_may_be_both() -> None:
    for port in (80, "http"):
        spec = {"ports": [{"port": 80, "targetPort": port}]}
        check({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": spec})


@pytest.mark.parametrize("kind", BUILT_IN, ids=[kind.name for kind in BUILT_IN])
def test_every_kind_of_the_table_has_kubernetes_own_schema(kind: Kind) -> None:
    definition = schema.of_kind(kind.api_version, kind.name)
    assert definition is not None
    assert "metadata" in definition["properties"]


def test_objects_need_their_namespace_and_take_it_along(cluster: StandIn) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "models"}}
    with refuse(404, "NotFound"):
        cluster.apply(account)
    cluster.apply(namespace())
    cluster.apply(account)
    kind = cluster.kind("v1", "ServiceAccount")
    assert len(cluster.collection(kind, "models")["items"]) == 2
    cluster.delete(cluster.kind("v1", "Namespace"), "", "models")
    assert cluster.collection(kind, "models")["items"] == []
    with refuse(404, "NotFound"):
        cluster.get(kind, "models", "a")


def test_create_and_replace(cluster: StandIn) -> None:
    made = cluster.create(namespace())
    with refuse(409, "AlreadyExists"):
        cluster.create(namespace())
    replaced = cluster.replace({**made, "metadata": {**made["metadata"], "labels": {"a": "b"}}})
    assert replaced["metadata"]["labels"]["a"] == "b"
    with refuse(409, "Conflict"):
        cluster.replace(made)
    generated = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}}
    assert cluster.create(generated)["metadata"]["name"] != cluster.create(generated)["metadata"]["name"]


def test_what_kubernetes_does_not_change_in_place(cluster: StandIn) -> None:
    cluster.apply(deployment(("a", "i")), "me")
    other = deployment(("a", "i"))
    other["spec"]["selector"] = {"matchLabels": {"app": "two"}}
    other["spec"]["template"]["metadata"]["labels"] = {"app": "two"}
    with refuse(422, "Invalid", "spec.selector"):
        cluster.apply(other, "me", force=True)


def test_string_data_of_a_secret_becomes_data(cluster: StandIn) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "value"}}
    made = cluster.apply(secret)
    assert made["data"] == {"key": "dmFsdWU="}
    assert "stringData" not in made


def test_custom_resources(cluster: StandIn) -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                        }
                    },
                }
            ],
        },
    }
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}
    with refuse(404, "NotFound"):
        cluster.apply(widget)
    cluster.apply(definition)
    assert cluster.apply(widget)["spec"] == {"size": 1}
    with refuse(422, "Invalid", "spec.size"):
        cluster.create({**widget, "metadata": {"name": "v"}, "spec": {"size": "big"}})
    with refuse(500, ""):
        cluster.apply({**widget, "spec": {"size": "big"}})


def test_changes_are_told(cluster: StandIn) -> None:
    told: list[Event] = []
    watched = StandIn(State(None), CLUSTER, told.append)
    told.clear()
    watched.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
    watched.delete(watched.kind("v1", "ConfigMap"), "default", "c")
    assert [(what, kind.name) for what, kind, _ in told] == [("ADDED", "ConfigMap"), ("DELETED", "ConfigMap")]


def test_two_clusters_know_nothing_of_each_other() -> None:
    state = State(None)
    one, other = StandIn(state, CLUSTER), StandIn(state, CLUSTER + "2")
    one.apply(namespace())
    with refuse(404, "NotFound"):
        other.get(other.kind("v1", "Namespace"), "", "models")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "abc"), ("x", "ab"), ("!x", "c"), ("x=1", "a"), ("x==1", "a"), ("x!=1", "bc"), ("x!=1,x", "b"),
        ("x in (1, 2)", "ab"), ("x in (1),y", ""), ("x notin (1)", "bc"), (" x = 1 ", "a"), ("app/x=", ""),
    ],
)  # fmt: skip
def test_selectors(text: str, found: str) -> None:
    labels = {"a": {"x": "1"}, "b": {"x": "2"}, "c": {}}
    matches = selector({"labelSelector": text})
    assert "".join(name for name in labels if matches({"metadata": {"name": name, "labels": labels[name]}})) == found


@pytest.mark.parametrize("text", ["x=((", "x in 1", "!x=1", "xin (1)", "x=1 y", "=", "x in (1"])
def test_what_is_no_selector(text: str) -> None:
    with refuse(400, "BadRequest"):
        selector({"labelSelector": text})
