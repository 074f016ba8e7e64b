"""A cluster that only remembers: what an API server would take is stored, and nothing runs.

Whoever reads a workload's status, the server's version or a write's warning finds that said.
"""

from __future__ import annotations

import copy
import datetime as dt
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azlocal.arm.providers.containerservice.credentials import OBJECTS
from azlocal.kubernetes import apply as ssa
from azlocal.kubernetes import schema
from azlocal.kubernetes.extension import has_secret_store
from azlocal.kubernetes.kinds import AZURE_ML, BUILT_IN, SECRETS_STORE, Kind
from azlocal.kubernetes.status import Cause, Json, StatusError, bad_request, invalid, not_found
from azlocal.kubernetes.validate import check
from azlocal.state import State

NOTICE = "azlocal's stand-in stores this object; nothing runs in this cluster"
EXTENSION = "microsoft.kubernetesconfiguration/extensions"
ANY_OBJECT: Json = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_START = ("default", "kube-system", "kube-public", "kube-node-lease")
_WORKLOADS = {"Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController"}
# What an API server refuses to change (the kinds' own validation).
_IMMUTABLE = {
    "Deployment": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName"),
    "DaemonSet": ("spec.selector",),
    "Job": ("spec.selector", "spec.template", "spec.completions"),
    "Secret": ("type",),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName"),
    "StorageClass": ("provisioner", "parameters"),
}
# Kinds whose spec has no generation, and those whose deletion answers the object instead of a Status (v1.34).
_UNCOUNTED = {
    "CSIDriver", "Lease", "LimitRange", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim",
    "ResourceQuota", "Service",
}  # fmt: skip
_ANSWERED = {
    "CSIDriver", "Namespace", "PersistentVolumeClaim", "Pod", "ResourceQuota", "Service", "ServiceAccount",
    "StorageClass",
}  # fmt: skip
_SERVER_SET = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")

Event = tuple[str, Kind, Json]


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, how (``Apply`` or ``Update``), and which fields."""

    manager: str
    operation: str
    owned: ssa.Leaves


class StandIn:
    """The objects of one cluster.

    Args:
        state: where they are kept.
        cluster_id: id of the AKS resource.
        told: is called with ("ADDED" | "MODIFIED" | "DELETED", kind, object) after each change.
    """

    def __init__(self, state: State, cluster_id: str, told: Callable[[Event], None] | None = None) -> None:
        self._state = state
        self.key = cluster_id.lower()
        self._told = told or (lambda _event: None)
        if state.document(OBJECTS, self.key) is None:
            with state.transaction():
                state.put_document(OBJECTS, self.key, 1)  # the cluster's own counter: its last resourceVersion
                for name in _START:
                    self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    # Kinds

    def kinds(self) -> list[Kind]:
        """Every kind the cluster knows now."""
        found = list(BUILT_IN)
        parent, type_ = self.key, EXTENSION
        if any(
            "azureml" in one.properties.get("extensionType", "").lower() for one in self._state.children(parent, type_)
        ):
            found += AZURE_ML
        if has_secret_store(self._state.get(self.key)):
            found += SECRETS_STORE
        for definition in self._objects("apiextensions.k8s.io", "customresourcedefinitions"):
            spec = definition["spec"]
            found += [
                Kind(
                    spec["group"],
                    version["name"],
                    spec["names"]["kind"],
                    spec["names"]["plural"],
                    spec["scope"] == "Namespaced",
                    tuple(spec["names"].get("shortNames", ())),
                )
                for version in spec["versions"]
                if version.get("served")
            ]
        return found

    def kind(self, api_version: str, name: str) -> Kind:
        """The kind of a manifest.

        Raises:
            StatusError: 404 where there is none.
        """
        for kind in self.kinds():
            if kind.api_version == api_version and kind.name == name:
                return kind
        raise StatusError(404, "NotFound", f'no matches for kind "{name}" in version "{api_version}"')

    def definition(self, kind: Kind) -> Json:
        """The kind's schema: Kubernetes' own, a definition's, or any object."""
        own = schema.of_kind(kind.api_version, kind.name)
        if own is not None:
            return own
        found = self._read("apiextensions.k8s.io", "customresourcedefinitions", "", f"{kind.plural}.{kind.group}")
        for version in found["spec"]["versions"] if found else ():
            if version["name"] == kind.version:
                given = dict((version.get("schema") or {}).get("openAPIV3Schema") or ANY_OBJECT)
                properties = {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    **(given.get("properties") or {}),
                    "metadata": {"type": "object"},
                }
                return {**given, "properties": properties}
        return ANY_OBJECT

    # Reading

    def get(self, kind: Kind, namespace: str, name: str) -> Json:
        """One object.

        Raises:
            StatusError: 404.
        """
        found = self._read(kind.group, kind.plural, namespace, name)
        if found is None:
            raise not_found(kind.plural, kind.group, name)
        return {**found, "apiVersion": kind.api_version}

    def collection(self, kind: Kind, namespace: str = "") -> Json:
        """A collection, of one namespace or of all."""
        items = [{**one, "apiVersion": kind.api_version} for one in self._objects(kind.group, kind.plural, namespace)]
        version = str(self._state.document(OBJECTS, self.key))
        return {
            "apiVersion": kind.api_version,
            "kind": f"{kind.name}List",
            "metadata": {"resourceVersion": version},
            "items": items,
        }

    # Writing

    def create(self, manifest: Json, manager: str = "unknown") -> Json:
        """POST: a new object.

        Raises:
            StatusError: 409 AlreadyExists, 404 where its namespace is missing, 422.
        """
        kind, manifest = self._checked(manifest)
        metadata = manifest["metadata"]
        if not metadata.get("name"):
            metadata["name"] = metadata["generateName"] + secrets.token_hex(3)[:5]
        name, namespace = metadata["name"], metadata.get("namespace", "")
        if self._read(kind.group, kind.plural, namespace, name) is not None:
            what = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
            raise StatusError(409, "AlreadyExists", f'{what} "{name}" already exists', kind=kind.plural, name=name)
        return self._store(kind, None, manifest, Author(manager, "Update", ssa.leaves(self.definition(kind), manifest)))

    def replace(self, manifest: Json, manager: str = "unknown") -> Json:
        """PUT: an object as given.

        Raises:
            StatusError: 404, 409 where ``resourceVersion`` is not the current one, 422.
        """
        kind, manifest = self._checked(manifest)
        metadata = manifest["metadata"]
        old = self.get(kind, metadata.get("namespace", ""), metadata["name"])
        self._check_version(kind, old, manifest)
        return self._store(kind, old, manifest, Author(manager, "Update", ssa.leaves(self.definition(kind), manifest)))

    def merge(self, kind: Kind, namespace: str, name: str, change: Any, manager: str = "unknown") -> Json:
        """PATCH with a merge patch; a strategic one differs in keyed lists, which it merges."""
        from azlocal.arm.writes import merge as json_merge

        old = self.get(kind, namespace, name)
        _, manifest = self._checked(json_merge(copy.deepcopy(old), change))
        return self._store(kind, old, manifest, Author(manager, "Update", ssa.leaves(self.definition(kind), change)))

    def strategic(self, kind: Kind, namespace: str, name: str, change: Json, manager: str = "unknown") -> Json:
        """PATCH with a strategic merge patch: null removes, keyed lists merge by element."""
        old = self.get(kind, namespace, name)
        definition = self.definition(kind)
        merged = _without_nulls(ssa.merge(definition, copy.deepcopy(old), change))
        _, manifest = self._checked(merged)
        return self._store(kind, old, manifest, Author(manager, "Update", ssa.leaves(definition, change)))

    def apply(self, manifest: Json, manager: str = "azlocal", *, force: bool = False) -> Json:
        """PATCH with server-side apply: made, or changed in what this manager owns.

        Raises:
            StatusError: 409 where another manager owns a field with another value, and as for ``create``.
        """
        kind, manifest = self._checked(manifest, applied=True)
        metadata, definition = manifest["metadata"], self.definition(kind)
        new = ssa.leaves(definition, manifest)
        old = self._read(kind.group, kind.plural, metadata.get("namespace", ""), metadata["name"])
        if old is None:
            return self._store(kind, None, manifest, Author(manager, "Apply", new))
        self._check_version(kind, old, manifest)
        managers = self._managers(kind, old)
        others = {who: owned for who, owned in managers.items() if who != manager}
        found = ssa.conflicts(new, others)
        if found and not force:
            raise ssa.conflict_error(found)
        merged = ssa.merge(definition, copy.deepcopy(old), manifest)
        for path in ssa.gone(managers.get(manager, {}), new, others):
            ssa.remove(definition, merged, path)
        return self._store(kind, old, merged, Author(manager, "Apply", new))

    def delete(self, kind: Kind, namespace: str, name: str) -> Json:
        """An object, and with a namespace everything in it; answers what an API server does."""
        gone = self.get(kind, namespace, name)
        with self._state.transaction():
            if kind.name == "Namespace":
                for other in self.kinds():
                    for one in self._objects(other.group, other.plural, name) if other.namespaced else ():
                        self._forget(other, one)
            self._forget(kind, gone)
        if kind.name in _ANSWERED:
            return gone
        details = {"name": name, "group": kind.group, "kind": kind.plural, "uid": gone["metadata"]["uid"]}
        kept = {key: value for key, value in details.items() if value}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": kept}

    # Inside

    def _checked(self, given: Json, *, applied: bool = False) -> tuple[Kind, Json]:
        """The kind and a copy of a manifest that an API server would take."""
        manifest = copy.deepcopy(given)
        if not isinstance(manifest.get("metadata", {}), dict):
            raise bad_request("metadata must be an object")
        if not manifest.get("apiVersion") or not manifest.get("kind"):
            raise bad_request("Object 'Kind' or 'apiVersion' is missing.")
        kind = self.kind(str(manifest["apiVersion"]), str(manifest["kind"]))
        own = schema.of_kind(kind.api_version, kind.name)
        check(manifest, None if own is not None else self.definition(kind), applied=applied)
        metadata = manifest["metadata"]
        if kind.namespaced:
            namespace = metadata.setdefault("namespace", "default")
            if self._read("", "namespaces", "", namespace) is None:
                raise not_found("namespaces", "", namespace)
        elif metadata.pop("namespace", None):
            raise bad_request(f"the kind {kind.name} is cluster-scoped: metadata.namespace must be empty")
        return kind, manifest

    def _check_version(self, kind: Kind, old: Json, manifest: Json) -> None:
        given = manifest["metadata"].get("resourceVersion")
        if given and given != old["metadata"]["resourceVersion"]:
            name = manifest["metadata"]["name"]
            raise StatusError(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {kind.plural} "{name}": the object has been modified; please apply'
                " your changes to the latest version and try again",
                kind=kind.plural,
                name=name,
            )

    def _store(self, kind: Kind, old: Json | None, manifest: Json, author: Author) -> Json:
        if old:
            _check_immutable(kind, old, manifest)
        before = (old or {}).get("metadata", {})
        _fill(kind, manifest, manifest["metadata"]["name"])
        metadata = {key: value for key, value in manifest["metadata"].items() if key not in _SERVER_SET}
        same = old is not None and _content(old) == _content({**manifest, "metadata": metadata})
        if old and same and self._managers(kind, old).get(author.manager) == author.owned:
            return old
        with self._state.transaction():
            version = int(self._state.document(OBJECTS, self.key) or 1) + 1
            self._state.put_document(OBJECTS, self.key, version)
            now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            changed = old is None or manifest.get("spec") != old.get("spec")
            metadata.update(
                uid=before.get("uid") or str(uuid.uuid4()),
                resourceVersion=str(version),
                creationTimestamp=before.get("creationTimestamp") or now,
                managedFields=_managed(before.get("managedFields") or [], author, kind, now),
            )
            if "spec" in manifest and kind.name not in _UNCOUNTED:
                metadata["generation"] = before.get("generation", 0) + int(changed)
            stored = {**manifest, "metadata": metadata}
            self._state.put_document(OBJECTS, self._key(kind, stored), stored)
            self._own(kind, stored, author)
        self._told(("MODIFIED" if old else "ADDED", kind, stored))
        if kind.name == "Namespace" and old is None:
            account = {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "default", "namespace": metadata["name"]},
            }
            self.create(account)
        return stored

    def _forget(self, kind: Kind, gone: Json) -> None:
        key = self._key(kind, gone)
        self._state.delete_document(OBJECTS, key)
        self._state.delete_document(f"{OBJECTS}Fields", key)
        self._told(("DELETED", kind, gone))

    def _managers(self, kind: Kind, stored: Json) -> dict[str, ssa.Leaves]:
        found = self._state.document(f"{OBJECTS}Fields", self._key(kind, stored)) or {}
        return {manager: {tuple(path): value for path, value in owned} for manager, owned in found.items()}

    def _own(self, kind: Kind, stored: Json, author: Author) -> None:
        managers, owned = self._managers(kind, stored), author.owned
        if author.operation == "Update":  # an update adds to what its manager set before
            owned = {**managers.get(author.manager, {}), **owned}
        for other in managers.values():  # a forced field has one owner
            for path, value in owned.items():
                if path in other and other[path] != value:
                    del other[path]
        managers[author.manager] = owned
        rows = {who: [[list(path), value] for path, value in leaves.items()] for who, leaves in managers.items()}
        self._state.put_document(f"{OBJECTS}Fields", self._key(kind, stored), rows)

    def _key(self, kind: Kind, stored: Json) -> str:
        metadata = stored["metadata"]
        namespace = metadata.get("namespace", "") if kind.namespaced else ""
        return f"{self.key}|{kind.group}/{kind.plural}|{namespace}|{metadata['name']}"

    def _read(self, group: str, plural: str, namespace: str, name: str) -> Json | None:
        found: Json | None = self._state.document(OBJECTS, f"{self.key}|{group}/{plural}|{namespace}|{name}")
        return found

    def _objects(self, group: str, plural: str, namespace: str = "") -> list[Json]:
        prefix = f"{self.key}|{group}/{plural}|" + (f"{namespace}|" if namespace else "")
        return [value for _, value in self._state.documents(OBJECTS, prefix)]


def _content(stored: Json) -> Json:
    """What an object says, without what the server adds."""
    metadata = {key: value for key, value in stored["metadata"].items() if key not in _SERVER_SET}
    return {**stored, "metadata": metadata}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _check_immutable(kind: Kind, old: Json, new: Json) -> None:
    from azlocal.arm.types import read_path

    causes = tuple(
        Cause("FieldValueInvalid", "Invalid value: field is immutable", path)
        for path in _IMMUTABLE.get(kind.name, ())
        if read_path(old, path) not in (None, read_path(new, path))
    )
    if causes:
        raise invalid(kind.name, kind.group, new["metadata"]["name"], causes)


def _fill(kind: Kind, manifest: Json, name: str) -> None:
    """What the server itself writes into an object: Kubernetes' own defaults, and that nothing runs."""
    if kind.name == "Namespace":
        manifest["status"] = {"phase": "Active"}
        manifest.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        manifest["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name
    elif kind.name == "Secret":
        _encode(manifest)
        manifest.setdefault("type", "Opaque")
    elif kind.name in _WORKLOADS:
        condition = {"type": "StandIn", "status": "True", "reason": "NothingRuns", "message": NOTICE}
        manifest["status"] = {"conditions": [condition]}


def _encode(secret: Json) -> None:
    """``stringData`` is write-only: it ends up in ``data``."""
    import base64

    for key, value in (secret.pop("stringData", None) or {}).items():
        secret.setdefault("data", {})[key] = base64.b64encode(str(value).encode()).decode()


def _managed(before: list[Json], author: Author, kind: Kind, now: str) -> list[Json]:
    kept = [one for one in before if (one["manager"], one["operation"]) != (author.manager, author.operation)]
    entry = {
        "manager": author.manager,
        "operation": author.operation,
        "apiVersion": kind.api_version,
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": ssa.fields(author.owned),
    }
    return [*kept, *([entry] if author.owned else [])]
