"""Kubernetes objects: against the stand-in, and over HTTPS against an API server made of a script."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from azlocal.engine.errors import ResourceError
from azlocal.engine.events import Action
from azlocal.engine.https import Address
from azlocal.engine.kubeconfig import ApiServer
from azlocal.engine.paper import PaperCluster
from azlocal.engine.ports import Reply
from azlocal.kubernetes.standin import StandIn
from azlocal.state import State
from tests.azlocal.engine.conftest import Stack

PROGRAM = """
import pulumi_kubernetes as k8s
cluster = k8s.Provider("cluster", kubeconfig="{}")
inside = Options(provider=cluster)
space = k8s.core.v1.Namespace("space", metadata={"name": "models"}, opts=inside)
account = k8s.core.v1.ServiceAccount(
    "account", metadata={"namespace": space.metadata.name, "labels": {"a": "LABEL"}}, opts=inside)
pulumi.export("name", account.metadata.name)
pulumi.export("namespace", account.metadata.namespace)
"""


def applied(stack: Stack, kind: str, name: str, namespace: str = "") -> Any:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return stack.cluster.get({"apiVersion": "v1", "kind": kind, "metadata": metadata})


def test_objects_are_applied_changed_and_deleted(stack: Stack) -> None:
    result = stack.up(PROGRAM)
    name = result.outputs["name"]
    assert name.startswith("account-")
    assert result.outputs["namespace"] == "models"
    assert applied(stack, "ServiceAccount", name, "models")["metadata"]["labels"] == {"a": "LABEL"}
    changed = stack.up(PROGRAM.replace("LABEL", "other"))
    assert changed.outputs["name"] == name
    assert applied(stack, "ServiceAccount", name, "models")["metadata"]["labels"] == {"a": "other"}
    assert stack.destroy().exit_code == 0
    assert applied(stack, "Namespace", "models") is None


def test_a_renamed_namespace_takes_its_objects_along(stack: Stack) -> None:
    name = stack.up(PROGRAM).outputs["name"]
    result = stack.up(PROGRAM.replace('"models"', '"other"'))
    assert result.exit_code == 0
    assert applied(stack, "Namespace", "models") is None
    assert applied(stack, "ServiceAccount", result.outputs["name"], "other")
    assert applied(stack, "ServiceAccount", name, "models") is None


PATCH = """
import pulumi_kubernetes as k8s
cluster = k8s.Provider("cluster", kubeconfig="{}")
k8s.core.v1.ServicePatch(
    "router", metadata={"name": "router", "namespace": "default", "annotations": ANNOTATIONS},
    opts=Options(provider=cluster))
"""
ROUTER = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "router", "namespace": "default", "annotations": {"theirs": "kept"}},
    "spec": {"ports": [{"name": "https", "port": 443, "protocol": "TCP"}]},
}


def router_annotations(stack: Stack) -> Any:
    return applied(stack, "Service", "router", "default")["metadata"].get("annotations")


def test_a_patch_changes_its_part_of_an_object_and_gives_it_back(stack: Stack) -> None:
    stack.cluster._standin.apply(ROUTER, "somebody")
    assert stack.up(PATCH.replace("ANNOTATIONS", '{"ours": "1", "more": "1"}')).exit_code == 0
    assert router_annotations(stack) == {"theirs": "kept", "ours": "1", "more": "1"}
    assert stack.up(PATCH.replace("ANNOTATIONS", '{"ours": "2"}')).exit_code == 0
    assert router_annotations(stack) == {"theirs": "kept", "ours": "2"}
    assert stack.destroy().exit_code == 0
    assert router_annotations(stack) == {"theirs": "kept"}


def test_a_patch_needs_an_object(stack: Stack) -> None:
    result = stack.up(PATCH.replace("ANNOTATIONS", '{"ours": "1"}'))
    assert result.exit_code == 1
    assert "there is no Service default/router to patch" in str(result.summary.failures)
    assert applied(stack, "Service", "router", "default") is None


def kubeconfig_of(server: str) -> str:
    config = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": server}}],
    }
    return json.dumps(config).replace('"', "'")


def in_cluster(server: str, label: str = "LABEL") -> str:
    return PROGRAM.replace('kubeconfig="{}"', f'kubeconfig="{kubeconfig_of(server)}"').replace("LABEL", label)


def test_objects_follow_their_provider_to_another_cluster(stack: Stack) -> None:
    stack.others = {
        kubeconfig_of(f"https://{name}"): PaperCluster(StandIn(State(None), name)) for name in ("first", "second")
    }
    first, second = stack.others.values()
    stack.up(in_cluster("https://first"))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}}
    assert first.get(space)
    moved = stack.up(in_cluster("https://second", "other"))
    assert moved.exit_code == 0, moved.summary.failures
    assert sorted(stack.heard.of(Action.REPLACE)) == ["account", "space"]
    assert second.get(space)
    assert first.get(space) is None
    assert stack.up().summary.counts[Action.SAME] == 2
    stack.destroy()
    assert second.get(space) is None


def test_a_move_that_failed_is_made_good_or_taken_back(stack: Stack) -> None:
    first = PaperCluster(StandIn(State(None), "first"))
    stack.others = {kubeconfig_of("https://first"): first}
    stack.up(in_cluster("https://first"))
    bad = in_cluster("https://second").replace('{"a": ', '{"not a label": ')
    assert stack.up(bad).exit_code == 1
    back = stack.up(in_cluster("https://first"))
    assert back.exit_code == 0, back.summary.failures
    assert first.get({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}})
    assert applied(stack, "Namespace", "models") is None


def test_a_new_token_for_the_same_cluster_moves_nothing(stack: Stack) -> None:
    stack.up(in_cluster("https://first"))
    renewed = in_cluster("https://first").replace("'current-context'", "'users': [], 'current-context'")
    assert stack.up(renewed).summary.counts[Action.SAME] == 2


def test_what_an_api_server_refuses_fails_with_its_reason(stack: Stack) -> None:
    result = stack.up('import pulumi_kubernetes as k8s\nk8s.core.v1.Namespace("bad", metadata={"name": "Not_A_Name"})')
    [failure] = result.summary.failures
    assert failure.code == "Invalid"
    assert "metadata.name" in failure.message


def test_charts_are_refused_by_name(stack: Stack) -> None:
    result = stack.up("pulumi.CustomResource('kubernetes:helm.sh/v3:Release', 'chart', {'chart': 'x'})")
    assert "kubernetes:helm.sh/v3:Release" in result.summary.failures[0].message


MAPPED = """
import pulumi_kubernetes as k8s
cluster = k8s.Provider("cluster", kubeconfig="{}", OPTIONS)
k8s.core.v1.ConfigMap("map", metadata={"name": "map"}, data={"a": "VALUE"}, opts=Options(provider=cluster))
"""


def test_config_maps_are_replaced_unless_they_are_mutable(stack: Stack) -> None:
    fixed = MAPPED.replace("OPTIONS", "")
    stack.up(fixed)
    stack.up(fixed.replace("VALUE", "other"))
    assert stack.heard.of(Action.REPLACE) == ["map"]
    mutable = MAPPED.replace("OPTIONS", "enable_config_map_mutable=True")
    stack.up(mutable)
    stack.up(mutable.replace("VALUE", "third"))
    assert stack.heard.of(Action.UPDATE) == ["map"]
    assert applied(stack, "ConfigMap", "map", "default")["data"] == {"a": "third"}


def test_a_providers_input_that_would_be_passed_over_is_named(stack: Stack) -> None:
    result = stack.up('import pulumi_kubernetes as k8s\nk8s.Provider("r", render_yaml_to_directory="out")')
    assert "renderYamlToDirectory" in result.summary.failures[0].message


KUBECONFIG = {
    "current-context": "c",
    "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
    "clusters": [{"name": "k", "cluster": {"server": "https://api.example:6443/prefix"}}],
    "users": [{"name": "u", "user": {"token": "t0ken"}}],
}
DISCOVERY = {
    "resources": [
        {"kind": "ConfigMap", "name": "configmaps", "namespaced": True},
        {"kind": "ConfigMap", "name": "configmaps/status", "namespaced": True},
        {"kind": "Namespace", "name": "namespaces", "namespaced": False},
    ]
}
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "n"}, "data": {"a": "b"}}


class Wire:
    """Connections that answer from a script."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.trusted: list[str] = []

    def send(
        self, address: Address, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        assert address == ("api.example", 6443)
        self.asked.append((method, target, headers, json.loads(body) if body else None))
        return self.replies.pop(0)

    def trust(self, certificates: str) -> None:
        self.trusted.append(certificates)


def server(wire: Wire, config: dict[str, Any] | None = None, context: str | None = None) -> ApiServer:
    return ApiServer(yaml.safe_dump(config or KUBECONFIG), context, wire, lambda audience: f"Bearer for {audience}")  # type: ignore[arg-type]


def test_server_side_apply_on_the_wire() -> None:
    wire = Wire(Reply(200, DISCOVERY), Reply(201, MAP))
    assert server(wire).apply(MAP) == MAP
    assert [asked[:2] for asked in wire.asked] == [
        ("GET", "/prefix/api/v1"),
        (
            "PATCH",
            "/prefix/api/v1/namespaces/n/configmaps/m?fieldManager=pulumi-kubernetes&fieldValidation=Strict",
        ),
    ]
    assert wire.asked[1][2]["Content-Type"] == "application/apply-patch+yaml"
    assert wire.asked[1][2]["Authorization"] == "Bearer t0ken"
    assert wire.asked[1][3] == MAP


def test_a_delete_waits_until_the_object_is_gone() -> None:
    wire = Wire(Reply(200, DISCOVERY), Reply(200, {}), Reply(404, {}))
    server(wire).delete(MAP, 30)
    assert [asked[0] for asked in wire.asked] == ["GET", "DELETE", "GET"]
    wire = Wire(Reply(200, DISCOVERY), Reply(404, {}))
    server(wire).delete(MAP, 30)


def test_what_was_in_a_cluster_that_is_gone_is_gone() -> None:
    wire = Wire(Reply(404, {"kind": "Status", "reason": "NotFound", "message": "no such cluster"}))
    server(wire).delete(MAP, 30)
    assert [asked[0] for asked in wire.asked] == ["GET"]


def test_a_refusal_is_the_servers_own() -> None:
    status = {"kind": "Status", "reason": "Forbidden", "message": "not you"}
    wire = Wire(Reply(200, DISCOVERY), Reply(403, status))
    with pytest.raises(ResourceError, match="not you") as raised:
        server(wire).apply(MAP)
    assert raised.value.code == "Forbidden"


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ResourceError, match="no kind 'Nothing' in v1"):
        server(Wire(Reply(200, DISCOVERY))).get({**MAP, "kind": "Nothing"})


def test_scopes_come_from_discovery() -> None:
    wire = Wire(Reply(200, DISCOVERY))
    assert server(wire).is_namespaced("v1", "ConfigMap")
    assert not server(Wire()).is_namespaced("v1", "Namespace")
    with pytest.raises(ResourceError, match="no kind"):
        server(Wire(Reply(200, DISCOVERY))).is_namespaced("v1", "Nothing")


def with_user(user: dict[str, Any], cluster: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        **KUBECONFIG,
        "users": [{"name": "u", "user": user}],
        "clusters": [{"name": "k", "cluster": {"server": "https://api.example:6443", **(cluster or {})}}],
    }


def test_kubelogin_is_answered_with_an_entra_token() -> None:
    plugin = {"command": "/usr/bin/kubelogin", "args": ["get-token", "--server-id", "app"]}
    wire = Wire(Reply(200, DISCOVERY), Reply(404, {}))
    authority = base64.b64encode(b"PEM").decode()
    assert server(wire, with_user({"exec": plugin}, {"certificate-authority-data": authority})).get(MAP) is None
    assert wire.asked[0][2]["Authorization"] == "Bearer for app"
    assert wire.trusted == ["PEM"]


def test_other_plugins_are_run() -> None:
    credential = json.dumps({"status": {"token": "from-plugin"}})
    plugin = {"command": "sh", "args": ["-c", "echo $SAID"], "env": [{"name": "SAID", "value": credential}]}
    wire = Wire(Reply(200, DISCOVERY), Reply(404, {}))
    server(wire, with_user({"exec": plugin})).get(MAP)
    assert wire.asked[0][2]["Authorization"] == "Bearer from-plugin"
    with pytest.raises(ResourceError, match=r"'no-such-program'.* not on PATH"):
        server(Wire(), with_user({"exec": {"command": "no-such-program"}})).get(MAP)
    with pytest.raises(ResourceError, match="'false' gave no token"):
        server(Wire(), with_user({"exec": {"command": "false"}})).get(MAP)


def test_kubeconfigs_that_are_none() -> None:
    with pytest.raises(ResourceError, match="no context 'other'"):
        server(Wire(), context="other")
    with pytest.raises(ResourceError, match="not valid YAML"):
        ApiServer("a: [", None, Wire(), str)  # type: ignore[arg-type]
    with pytest.raises(ResourceError, match="empty or no mapping"):
        ApiServer("", None, Wire(), str)  # type: ignore[arg-type]
