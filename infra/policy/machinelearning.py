"""Rules on Azure ML workspaces, their computes and registries."""

from __future__ import annotations

from collections.abc import Iterable

from .conditions import When, both, get, must_be, must_have, must_not_be, same
from .model import OURS, Body, Check, Context, Finding, Rule, Severity

WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
COMPUTE = f"{WORKSPACE}/computes"
DATASTORE = f"{WORKSPACE}/datastores"
REGISTRY = "Microsoft.MachineLearningServices/registries"
INNER = "properties.properties"


def _kind(*kinds: str) -> When:
    def applies(body: Body, _context: Context) -> bool:
        return any(same(get(body, "properties.computeType"), kind) for kind in kinds)

    return applies


# What Azure ML makes itself: see NARROWED in the catalogue.
_MADE = ("AmlCompute", "ComputeInstance")


def _managed(body: Body, _context: Context) -> bool:
    return not same(get(body, "properties.managedNetwork.isolationMode", "Disabled"), "Disabled")


def _placed(body: Body, context: Context) -> bool:
    """Where the workspace has no managed network, which takes the subnet's place: see NARROWED in the catalogue."""
    managed = any(_managed(one.body, context) for one in context.of(WORKSPACE))
    return _kind(*_MADE)(body, context) and not managed


def _identity(body: Body, context: Context) -> Iterable[Finding]:
    yield from must_be("identity.type", "UserAssigned")(body, context)
    yield from must_have("identity.userAssignedIdentities")(body, context)
    yield from must_have("properties.primaryUserAssignedIdentity")(body, context)


def _own(id_: str, title: str, type_: str, check: Check, source: str, severity: Severity = Severity.IMPORTANT,  # noqa: PLR0917
         pillar: str = "Security", controls: tuple[str, ...] = ("NS-2",)) -> Rule:  # fmt: skip
    return Rule(f"{OURS}ML.{id_}", title, severity, (type_,), check, "", pillar, controls, source)


RULES = (
    Rule("Azure.ML.ComputeIdleShutdown", "an idle instance stops", Severity.CRITICAL, (COMPUTE,),
         must_have(f"{INNER}.idleTimeBeforeShutdown", when=_kind("ComputeInstance")), "AZR-000403",
         "Cost Optimization"),
    Rule("Azure.ML.DisableLocalAuth", "no local accounts on computes", Severity.CRITICAL, (COMPUTE,),
         must_be("properties.disableLocalAuth", True, default=False, when=_kind(*_MADE)), "AZR-000404",
         controls=("IM-1",)),
    Rule("Azure.ML.ComputeVnet", "computes stand in a subnet", Severity.CRITICAL, (COMPUTE,),
         must_have(f"{INNER}.subnet.id", when=_placed), "AZR-000405", controls=("NS-1",), whole=True),
    Rule("Azure.ML.PublicAccess", "the workspace has no public door", Severity.CRITICAL, (WORKSPACE,),
         both(must_be("properties.publicNetworkAccess", "Disabled", default="Enabled"),
              must_not_be("properties.allowPublicAccessWhenBehindVnet", True, default=False)), "AZR-000406",
         controls=("NS-2",)),
    Rule("Azure.ML.UserManagedIdentity", "the workspace acts as an identity of the environment", Severity.IMPORTANT,
         (WORKSPACE,), _identity, "AZR-000407", controls=("IM-3",)),
    _own("MinNodes", "clusters start from zero nodes", COMPUTE,
         must_be(f"{INNER}.scaleSettings.minNodeCount", 0, default=0, when=_kind("AmlCompute")), "CKV_AZURE_150",
         pillar="Cost Optimization", controls=()),
    _own("NodePublicIP", "no node has a public address", COMPUTE,
         must_be(f"{INNER}.enableNodePublicIp", False, default=True, when=_kind("AmlCompute", "ComputeInstance")),
         "WAF: Azure Machine Learning", Severity.CRITICAL),
    _own("RemoteLogin", "no shell from outside", COMPUTE,
         must_be(f"{INNER}.remoteLoginPortPublicAccess", "Disabled", default="NotSpecified", when=_kind("AmlCompute")),
         "WAF: Azure Machine Learning", Severity.CRITICAL),
    _own("InstanceSsh", "no shell from outside", COMPUTE,
         must_be(f"{INNER}.sshSettings.sshPublicAccess", "Disabled", default="Disabled", when=_kind("ComputeInstance")),
         "WAF: Azure Machine Learning", Severity.CRITICAL),
    _own("IsolationMode", "a managed network lets out what is approved", WORKSPACE,
         must_be("properties.managedNetwork.isolationMode", "AllowOnlyApprovedOutbound", when=_managed),
         "Azure Policy: managed network isolation"),
    _own("LegacyMode", "requests go through Resource Manager's own API", WORKSPACE,
         must_be("properties.v1LegacyMode", False, default=False), "Azure Policy: V1LegacyMode"),
    _own("DatastoreIdentity", "the workspace's own datastores ask by identity", WORKSPACE,
         must_be("properties.systemDatastoresAuthMode", "Identity", default="AccessKey"), "MCSB IM-1",
         controls=("IM-1",)),
    _own("DatastoreKeyless", "datastores hold no credentials", DATASTORE,
         must_be("properties.credentials.credentialsType", "None"), "MCSB IM-8", controls=("IM-8",)),
    _own("BuildCompute", "images are built on a cluster of the environment", WORKSPACE,
         must_have("properties.imageBuildCompute"), "Azure ML: registry behind a private endpoint", controls=("NS-2",)),
    _own("RegistryPublicAccess", "the registry has no public door", REGISTRY,
         must_be("properties.publicNetworkAccess", "Disabled", default="Enabled"), "MCSB NS-2", Severity.CRITICAL),
)  # fmt: skip
