"""Kubernetes objects of the program, by server-side apply.

A ``Cluster`` takes a manifest and answers the object; there is one over HTTPS (``kubeconfig``) and, for a plan,
one in this process that only checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from azlocal.engine.errors import RefusedError, ResourceError
from azlocal.engine.provider import Checked, Difference, Goal, Json, KeepsNothing, refuse_others
from azlocal.engine.values import reveal

# What an API server refuses to change in an object that exists (the kinds' own validation).
CREATE_ONLY = {
    "DaemonSet": ("spec.selector",),
    "Deployment": ("spec.selector",),
    "Job": ("spec.selector", "spec.template", "spec.completions"),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName", "spec.volumeName", "spec.selector"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "Secret": ("type",),
    "Service": ("spec.clusterIP",),
    "StatefulSet": ("spec.serviceName", "spec.selector", "spec.volumeClaimTemplates"),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
}
# What pulumi-kubernetes replaces rather than changes, so that pods never see half of it, unless switched off.
IMMUTABLE_UNLESS = {
    "ConfigMap": ("enableConfigMapMutable", ("data", "binaryData")),
    "Secret": ("enableSecretMutable", ("data", "stringData")),
}
HOLDS = {"PersistentVolumeClaim": "the files on the volume"}
# An explicit provider's inputs that count, and those that change nothing about an object that can be reached.
PROVIDER_INPUTS = frozenset(
    {
        "kubeconfig", "context", "namespace", "clusterIdentifier", "enableConfigMapMutable", "enableSecretMutable",
        "enableServerSideApply", "deleteUnreachable", "skipUpdateUnreachable", "suppressDeprecationWarnings",
        "suppressHelmHookWarnings", "upsertExistingObjects", "kubeClientSettings", "version",
    }
)  # fmt: skip
IDENTITY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")

PATCH = "Patch"
# Tokens of the package that are no objects: they are made by code that only the real provider has.
NO_OBJECTS = ("kubernetes:helm.sh", "kubernetes:yaml", "kubernetes:kustomize")


_UNTYPED = re.compile(r"failed to create typed patch object \([^)]*\): (?:errors:\s*)?\.(\S+): ")


def refusal(status: int, reason: str, message: str) -> ResourceError:
    """An API server's refusal, by its reason.

    It gives none for what it cannot read as the kind, and 500 as if it were broken: that is what its own causes call
    FieldValueTypeInvalid.
    """
    untyped = None if reason else _UNTYPED.search(message)
    if untyped:
        return ResourceError("FieldValueTypeInvalid", message, untyped[1])
    return ResourceError(reason or f"HTTP{status}", message)


class Cluster(Protocol):
    """An API server. Every method raises ``ResourceError`` with the server's reason where it refuses."""

    def apply(self, manifest: Json) -> Json:
        """Server-side apply; answers the whole object."""
        ...

    def get(self, manifest: Json) -> Json | None:
        """The object with this kind, namespace and name, or None."""
        ...

    def delete(self, manifest: Json, timeout: float) -> None:
        """Delete it and wait until it is gone; no error if it was."""
        ...

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind live in a namespace."""
        ...


class KubernetesProvider(KeepsNothing):
    """The ``kubernetes`` package.

    Args:
        connect: the cluster that an explicit provider's inputs name.
        suffix: makes the random part of an automatic name, from the resource's URN.
    """

    opaque = False

    def __init__(self, connect: Callable[[Json], Cluster], suffix: Callable[[str], str]) -> None:
        self._connect = connect
        self._suffix = suffix

    def check(self, goal: Goal) -> Checked:
        """The manifest, with a name and a namespace."""
        _refuse(goal.type)
        inputs = dict(goal.inputs)
        metadata = dict(reveal(inputs.get("metadata")) or {})
        if not metadata.get("name") and is_patch(goal.type):
            raise RefusedError(f"'{goal.name}' patches nothing: it has no metadata.name", "name the object")
        if not metadata.get("name"):
            before = reveal((goal.old or {}).get("metadata")) or {}
            metadata["name"] = before.get("name") or f"{goal.name}-{self._suffix(goal.urn)}".lower()
        api_version, kind = str(inputs.get("apiVersion")), str(inputs.get("kind"))
        if self._cluster(goal.settings).is_namespaced(api_version, kind):
            metadata.setdefault("namespace", reveal(goal.settings.get("namespace")) or "default")
        inputs["metadata"] = metadata
        namespace = metadata.get("namespace")
        id_ = f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])
        return Checked(inputs, id_, api_version, kind, reveal(inputs))

    def diff(self, goal: Goal, checked: Checked) -> Difference | None:
        """Comparing the inputs tells."""
        return None

    def configure(self, name: str, inputs: Json) -> None:
        """Kubeconfig, context, namespace, and what may change in place."""
        refuse_others(name, inputs, PROVIDER_INPUTS, "leave them out, or declare the objects in another way")

    def place(self, settings: Json) -> str:
        """The cluster: by the identifier that the program gives it, or by its address."""
        told = reveal(settings)
        return str(told.get("clusterIdentifier") or server_of(told.get("kubeconfig"), told.get("context")))

    def create_only(self, type_: str, settings: Json) -> tuple[str, ...]:
        """The kind's, and what makes an object the one it is."""
        kind = type_.rsplit(":", 1)[-1]
        switch, contents = IMMUTABLE_UNLESS.get(kind, ("", ()))
        kept = () if settings.get(switch) == "true" else contents
        return IDENTITY + CREATE_ONLY.get(kind, ()) + kept

    def exists(self, goal: Goal, checked: Checked) -> bool:
        """Whether the API server has it."""
        return self._cluster(goal.settings).get(checked.body) is not None

    def refuse_taken(self, goal: Goal, checked: Checked) -> None:
        """Never: server-side apply shares an object with whoever else manages a part of it."""

    def create(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """Server-side apply: what others set in the object stays. A patch is of an object that is there."""
        cluster = self._cluster(goal.settings)
        if is_patch(goal.type) and cluster.get(checked.body) is None:
            raise ResourceError("NotFound", f"there is no {checked.arm_type} {checked.id} to patch")
        return cluster.apply(checked.body)

    def update(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """Server-side apply: what this manager no longer sets goes."""
        return self._cluster(goal.settings).apply(checked.body)

    def read(self, goal: Goal, id_: str, version: str = "") -> Json | None:
        """The object with the id that the provider gives: namespace and name."""
        _refuse(goal.type)
        _, group_version, kind = goal.type.removesuffix(PATCH).split(":")
        namespace, _, name = id_.rpartition("/")
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        return self._cluster(goal.settings).get(
            {"apiVersion": group_version.removeprefix("core/"), "kind": kind, "metadata": metadata}
        )

    def delete(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """Delete the object and wait until it is gone; of a patch, only what it set."""
        cluster, manifest = self._cluster(goal.settings), reveal(goal.inputs)
        if not is_patch(goal.type):
            cluster.delete(manifest, timeout)
        elif cluster.get(manifest) is not None:
            cluster.apply(_identity(manifest))

    def holds(self, type_: str) -> str:
        """Volumes hold data."""
        return HOLDS.get(type_.rpartition(":")[2], "")

    def invoke(self, token: str, arguments: Json, settings: Json) -> Json:
        """None is served."""
        raise RefusedError(f"the function '{token}' is not served by this engine")

    def _cluster(self, settings: Json) -> Cluster:
        return self._connect(reveal(settings))


def is_patch(type_: str) -> bool:
    """Whether a resource changes a part of an object that somebody else makes (pulumi-kubernetes, "Patch")."""
    return type_.endswith(PATCH)


def _identity(manifest: Json) -> Json:
    """An object's manifest that sets nothing: applied, it gives up what its manager owned."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key in {"name", "namespace"}}
    return {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": metadata}


# Kubernetes' own kinds that live in no namespace (``kubectl api-resources --namespaced=false``).
CLUSTER_SCOPED = frozenset(
    {
        "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode",
        "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace",
        "Node", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)  # fmt: skip


def server_of(kubeconfig: Any, context: Any) -> str:
    """The address of the API server that a kubeconfig names; empty where it names none."""
    import yaml

    try:
        read = yaml.safe_load(str(kubeconfig or ""))
    except yaml.YAMLError:
        return ""
    if not isinstance(read, dict):
        return ""
    chosen = _entry(read, "contexts", context or read.get("current-context")).get("context") or {}
    return str((_entry(read, "clusters", chosen.get("cluster")).get("cluster") or {}).get("server") or "")


def _entry(config: Json, section: str, name: Any) -> Json:
    return next((dict(one) for one in config.get(section) or [] if one.get("name") == name), {})


def _refuse(type_: str) -> None:
    if type_.startswith(NO_OBJECTS) or type_.endswith("List"):
        raise RefusedError(
            f"'{type_}' is not served by this engine: it is no object of the Kubernetes API",
            "declare the objects themselves",
        )
