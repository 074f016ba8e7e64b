"""The kinds an API server knows: Kubernetes' own, those of CustomResourceDefinitions, and an extension's."""

from __future__ import annotations

from dataclasses import dataclass

VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: where its objects are, and whether they live in a namespace."""

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """As manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version


def _rows(api_version: str, namespaced: bool, text: str) -> tuple[Kind, ...]:  # noqa: FBT001  # a table's column
    group, _, version = api_version.rpartition("/")
    found = []
    for row in text.split():
        name, _, rest = row.partition(":")
        plural, *short = rest.split(",")
        found.append(Kind(group, version, name, plural or f"{name.lower()}s", namespaced, tuple(short)))
    return tuple(found)


# Kind:plural,short names; the plural is left out where it is the kind with an s (``kubectl api-resources``).
BUILT_IN: tuple[Kind, ...] = (
    *_rows("v1", False, "Namespace:namespaces,ns Node:nodes,no PersistentVolume:persistentvolumes,pv"),
    *_rows(
        "v1",
        True,
        "ConfigMap:configmaps,cm Endpoints:endpoints,ep Event:events,ev LimitRange:limitranges,limits"
        " PersistentVolumeClaim:persistentvolumeclaims,pvc Pod:pods,po PodTemplate"
        " ReplicationController:replicationcontrollers,rc ResourceQuota:resourcequotas,quota Secret"
        " Service:services,svc ServiceAccount:serviceaccounts,sa",
    ),
    *_rows(
        "apps/v1",
        True,
        "ControllerRevision DaemonSet:daemonsets,ds Deployment:deployments,deploy"
        " ReplicaSet:replicasets,rs StatefulSet:statefulsets,sts",
    ),
    *_rows("batch/v1", True, "CronJob:cronjobs,cj Job"),
    *_rows("autoscaling/v2", True, "HorizontalPodAutoscaler:horizontalpodautoscalers,hpa"),
    *_rows("networking.k8s.io/v1", True, "Ingress:ingresses,ing NetworkPolicy:networkpolicies,netpol"),
    *_rows("networking.k8s.io/v1", False, "IngressClass:ingressclasses"),
    *_rows("policy/v1", True, "PodDisruptionBudget:poddisruptionbudgets,pdb"),
    *_rows("rbac.authorization.k8s.io/v1", True, "Role RoleBinding"),
    *_rows("rbac.authorization.k8s.io/v1", False, "ClusterRole ClusterRoleBinding"),
    *_rows("storage.k8s.io/v1", False, "StorageClass:storageclasses,sc CSIDriver CSINode VolumeAttachment"),
    *_rows("scheduling.k8s.io/v1", False, "PriorityClass:priorityclasses,pc"),
    *_rows("node.k8s.io/v1", False, "RuntimeClass:runtimeclasses"),
    *_rows("coordination.k8s.io/v1", True, "Lease"),
    *_rows("discovery.k8s.io/v1", True, "EndpointSlice"),
    *_rows(
        "admissionregistration.k8s.io/v1",
        False,
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration"
        " ValidatingAdmissionPolicy:validatingadmissionpolicies ValidatingAdmissionPolicyBinding",
    ),
    *_rows("apiextensions.k8s.io/v1", False, "CustomResourceDefinition:customresourcedefinitions,crd,crds"),
    *_rows("apiregistration.k8s.io/v1", False, "APIService"),
)

# What the Azure ML extension defines on its cluster (Microsoft Learn, "Create and manage instance types").
AZURE_ML: tuple[Kind, ...] = _rows("amlarc.azureml.com/v1alpha1", False, "InstanceType")

# What the Secrets Store driver defines where the add-on is on.
SECRETS_STORE: tuple[Kind, ...] = _rows(
    "secrets-store.csi.x-k8s.io/v1", True, "SecretProviderClass:secretproviderclasses"
)

_BY_KIND = {(kind.api_version, kind.name): kind for kind in BUILT_IN}
CLUSTER_SCOPED = frozenset(kind.name for kind in BUILT_IN if not kind.namespaced)


def built_in(api_version: str, kind: str) -> Kind | None:
    """One of Kubernetes' own kinds."""
    return _BY_KIND.get((api_version, kind))
