"""Microsoft.KubernetesConfiguration: extensions on a cluster, and what the Azure ML extension insists on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.types import Json, NameRule, Namespace, ResourceType, Scope
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

EXTENSION = "Microsoft.KubernetesConfiguration/extensions"
AZURE_ML = "microsoft.azureml.kubernetes"
_CLUSTERS = {"microsoft.containerservice/managedclusters"}
_ROUTERS = ("LoadBalancer", "NodePort", "ClusterIP")
_VERSIONS = {AZURE_ML: "1.1.85"}
_DOC = "https://aka.ms/arcmltroubleshooting"


def _check(call: Call, new: Resource, _old: Resource | None) -> None:
    """A cluster to stand on, a scope, and the extension's own rules."""
    cluster = call.state.get(call.path.scope.lower())
    if cluster is None or cluster.type.lower() not in _CLUSTERS:
        raise ArmError(
            404, "ResourceNotFound", f"The cluster '{call.path.scope}' of extension '{new.name}' was not found."
        )
    kind = new.properties["extensionType"].lower()
    for other in call.state.children(cluster.key, EXTENSION):
        if other.key != new.key and other.properties["extensionType"].lower() == kind:
            raise ArmError(
                409,
                "ExtensionTypeAlreadyExists",
                f"An extension of type '{new.properties['extensionType']}' is already installed on"
                f" '{cluster.name}' under the name '{other.name}'.",
            )
    scope = new.properties.get("scope") or {}
    if scope.get("cluster") and scope.get("namespace"):
        raise bad_request("An extension's scope is either a cluster or a namespace.", "InvalidExtensionScope", "scope")
    if kind == AZURE_ML:
        _check_azure_ml(new)


def _check_azure_ml(new: Resource) -> None:
    """Microsoft Learn, "Deploy Azure Machine Learning extension on AKS": required settings.

    Raises:
        ArmError: 400 ExtensionConfigurationInvalid.
    """
    settings = {str(k).lower(): str(v) for k, v in (new.properties.get("configurationSettings") or {}).items()}
    protected = {str(k).lower() for k in (new.properties.get("configurationProtectedSettings") or {})}

    def on(name: str) -> bool:
        return settings.get(name.lower(), "").lower() == "true"

    if not on("enableTraining") and not on("enableInference"):
        raise _invalid("Please set at least one of enableTraining and enableInference to True.")
    if not on("enableInference"):
        return
    router = settings.get("inferencerouterservicetype", "")
    if router not in _ROUTERS:
        raise _invalid(f"inferenceRouterServiceType is '{router}', and inference needs it: {', '.join(_ROUTERS)}.")
    if settings.get("internalloadbalancerprovider") and router != "LoadBalancer":
        raise _invalid(f"internalLoadBalancerProvider needs inferenceRouterServiceType LoadBalancer, not {router}.")
    if on("allowInsecureConnections"):
        return
    secret = (
        settings.get("sslsecret")
        or {"sslcertpemfile", "sslkeypemfile"} <= protected
        or ({"scoringfe.sslcert", "scoringfe.sslkey"} <= protected)
    )
    if not secret or not settings.get("sslcname"):
        raise _invalid(
            "allowInsecureConnections is not True, so a certificate is needed: sslCname, with either sslSecret or"
            " sslCertPemFile and sslKeyPemFile."
        )


def _invalid(message: str) -> ArmError:
    return bad_request(f"{message} See {_DOC}.", "ExtensionConfigurationInvalid", "properties.configurationSettings")


def _complete(_call: Call, new: Resource, _old: Resource | None) -> None:
    properties = new.properties
    properties.setdefault("scope", {"cluster": {"releaseNamespace": "default"}})
    if not properties.get("version"):
        properties["currentVersion"] = _VERSIONS.get(properties["extensionType"].lower(), "1.0.0")
    else:
        properties["currentVersion"] = properties["version"]
    properties.update(isSystemExtension=False, statuses=[], packageUri=None)


def _committed(call: Call, new: Resource, _old: Resource | None) -> None:
    """Its objects, where nothing runs that would bring them: in a plan."""
    if EXTENSION.lower() in call.control.effects:
        return
    from azlocal.kubernetes.extension import objects
    from azlocal.kubernetes.real import EXTENSION_MANAGER
    from azlocal.kubernetes.standin import StandIn

    cluster = StandIn(call.state, call.path.scope)
    for manifest in objects(new):
        cluster.apply(manifest, EXTENSION_MANAGER, force=True)


def _show(_call: Call, _resource: Resource, body: Json) -> None:
    secrets = body["properties"].get("configurationProtectedSettings")
    if secrets:  # Azure shows which there are, and nothing of them
        body["properties"] = {**body["properties"], "configurationProtectedSettings": dict.fromkeys(secrets, "")}


NAMESPACE = Namespace(
    "Microsoft.KubernetesConfiguration",
    ("2021-09-01", "2022-03-01", "2022-07-01", "2022-11-01", "2023-05-01", "2024-11-01"),
    (
        ResourceType(
            name=EXTENSION,
            scopes=frozenset({Scope.RESOURCE}),
            system_data=True,
            name_rule=NameRule(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", 1, 63, "1-63 lower-case letters, digits and hyphens"),
            required=("properties.extensionType",),
            defaults={
                "properties.autoUpgradeMinorVersion": True,
                "properties.releaseTrain": "Stable",
                "properties.configurationSettings": {},
                "properties.configurationProtectedSettings": {},
            },
            create_only=("properties.extensionType", "properties.scope.cluster.releaseNamespace"),
            duration=300,
            delete_duration=120,
            check=_check,
            complete=_complete,
            committed=_committed,
            present=_show,
        ),
    ),
)
