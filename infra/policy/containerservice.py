"""Rules on AKS clusters. Those of agent pools look at every pool, not at the first alone as checkov's do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .conditions import (
    Conditional,
    each,
    get,
    must_be,
    must_be_named,
    must_have,
    must_not_be,
    same,
    when_of,
)
from .model import OURS, Body, Check, Context, Finding, Rule, Severity
from .monitor import logs_of

CLUSTER = "Microsoft.ContainerService/managedClusters"
POOL = f"{CLUSTER}/agentPools"
WINDOW = f"{CLUSTER}/maintenanceConfigurations"
EXTENSION = "Microsoft.KubernetesConfiguration/extensions"
POOLS = "properties.agentPoolProfiles"
SCALE_SET = "VirtualMachineScaleSets"
MIN_PODS, MIN_NODES, MIN_VERSION = 50, 3, (1, 32)
PLATFORM_LOGS = ("cluster-autoscaler", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def _user(pool: Body, _context: Context) -> bool:
    return same(get(pool, "mode"), "User") and not same(get(pool, "scaleSetPriority"), "Spot")


def _system(pool: Body, _context: Context) -> bool:
    return same(get(pool, "mode"), "System")


def _channel(body: Body) -> str:
    return str(get(body, "properties.autoUpgradeProfile.upgradeChannel", "none")).lower()


def _prefix(body: Body, _context: Context) -> Iterable[Finding]:
    given = str(get(body, "properties.dnsPrefix", ""))
    if not re.fullmatch("[A-Za-z0-9](?:[A-Za-z0-9-]{0,52}[A-Za-z0-9])?", given):
        yield Finding("properties.dnsPrefix", f"{given!r} must have 1 to 54 letters, digits and hyphens")


def _version(body: Body, _context: Context) -> Iterable[Finding]:
    given = str(get(body, "properties.kubernetesVersion", "0.0"))
    parts = tuple(int(part) for part in given.split(".")[:2])
    if _channel(body) not in {"rapid", "stable"} and parts < MIN_VERSION:
        yield Finding("properties.kubernetesVersion", f"{given} is older than {'.'.join(map(str, MIN_VERSION))}")


def _pools(check: Check) -> Check:
    """The check, for every pool of a cluster's body and every pool beside it."""

    def over(body: Body, context: Context) -> Iterable[Finding]:
        if not same(context.resource.type, POOL):
            yield from each(POOLS, check)(body, context)
            return
        for finding in check(get(body, "properties", {}), context):
            yield Finding(f"properties.{finding.field}", finding.message, finding.fix)

    looks = when_of(check)

    def looked_at(body: Body, context: Context) -> bool:
        own = [get(body, "properties", {})] if same(context.resource.type, POOL) else get(body, POOLS, ())
        return any(looks(pool, context) for pool in own)

    return Conditional(over, looked_at)


def _cluster(context: Context) -> Body:
    """The body of the cluster itself, or of the one that a pool is in."""
    named = context.resource.segment("managedClusters")
    return next((one.body for one in context.of(CLUSTER) if same(one.segment("managedClusters"), named)), {})


def _pool_version(pool: Body, context: Context) -> Iterable[Finding]:
    version = get(_cluster(context), "properties.kubernetesVersion")
    yield from must_be("orchestratorVersion", version, default=version)(pool, context)


def _at_least(path: str, least: int, default: int = 0) -> Check:
    def check(pool: Body, _context: Context) -> Iterable[Finding]:
        if (given := get(pool, path, default)) < least:
            yield Finding(path, f"is {given} and must be at least {least}")

    return check


def _nodes(pool: Body) -> int:
    return int(get(pool, "minCount") or get(pool, "count", 0))


def _system_nodes(body: Body, context: Context) -> Iterable[Finding]:
    named = context.resource.segment("managedClusters")
    beside = [
        get(one.body, "properties", {}) for one in context.of(POOL) if same(one.segment("managedClusters"), named)
    ]
    total = sum(_nodes(pool) for pool in [*get(body, POOLS, ()), *beside] if _system(pool, context))
    if total < MIN_NODES:
        yield Finding(f"{POOLS}.minCount", f"the system pools have {total} nodes and need {MIN_NODES}")


def _user_nodes(pool: Body, context: Context) -> Iterable[Finding]:
    if _user(pool, context) and _nodes(pool) < MIN_NODES:
        yield Finding("minCount", f"is {_nodes(pool)} and must be at least {MIN_NODES}")


def _audit(_body: Body, context: Context) -> Iterable[Finding]:
    kept = {name.lower() for setting in logs_of(context) for name in setting}
    whole = bool(kept & {"alllogs", "audit"})
    if not whole and not (kept & {"kube-audit", "kube-audit-admin"} and "guard" in kept):
        yield Finding("diagnosticSettings.logs", "kube-audit-admin and guard are not kept")


def _platform(_body: Body, context: Context) -> Iterable[Finding]:
    kept = {name.lower() for setting in logs_of(context) for name in setting}
    missing = [name for name in PLATFORM_LOGS if name not in kept and "alllogs" not in kept]
    missing += [] if "allmetrics" in kept else ["AllMetrics"]
    if missing:
        yield Finding("diagnosticSettings.logs", f"{', '.join(missing)}: not kept")


def _audit_admin(_body: Body, context: Context) -> Iterable[Finding]:
    if any(name.lower() == "kube-audit" for setting in logs_of(context) for name in setting):
        yield Finding("diagnosticSettings.logs", "kube-audit also keeps each read: kube-audit-admin is enough")


def _windows(_body: Body, context: Context) -> Iterable[Finding]:
    cluster = context.resource.name
    there = {one.name.lower() for one in context.of(WINDOW) if one.segment("managedClusters") == cluster}
    for wanted in ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"):
        if wanted.lower() not in there:
            yield Finding(f"maintenanceConfigurations/{wanted}", "is not planned")


def _defender(body: Body, _context: Context) -> Iterable[Finding]:
    if not get(body, "properties.securityProfile.defender.securityMonitoring.enabled", False):
        yield Finding("properties.securityProfile.defender.securityMonitoring.enabled", "is not on")


def _tainted(pool: Body, context: Context) -> Iterable[Finding]:
    if _system(pool, context) and "CriticalAddonsOnly=true:NoSchedule" not in get(pool, "nodeTaints", ()):
        yield Finding("nodeTaints", "lacks CriticalAddonsOnly=true:NoSchedule: workloads may land here")


def _extension(body: Body, _context: Context) -> bool:
    return same(get(body, "properties.extensionType"), "Microsoft.AzureML.Kubernetes")


def _public(body: Body, _context: Context) -> bool:
    """Azure takes no ranges for a private cluster, and PSRule asks it for none (PSRule.Rules.Azure, issue 2677)."""
    return get(body, "properties.apiServerAccessProfile.enablePrivateCluster", False) is not True


def _add_on(name: str) -> Check:
    return must_be(f"properties.addonProfiles.{name}.enabled", True, default=False)


def _rule(id_: str, title: str, check: Check, number: str = "", severity: Severity = Severity.IMPORTANT,  # noqa: PLR0917
          pillar: str = "Reliability", controls: tuple[str, ...] = (), *, whole: bool = False,
          types: tuple[str, ...] = (CLUSTER,)) -> Rule:  # fmt: skip
    return Rule(f"Azure.AKS.{id_}", title, severity, types, check, number, pillar, controls, whole=whole)


def _own(id_: str, title: str, check: Check, source: str, severity: Severity = Severity.IMPORTANT,  # noqa: PLR0917
         types: tuple[str, ...] = (CLUSTER,), controls: tuple[str, ...] = ()) -> Rule:  # fmt: skip
    return Rule(f"{OURS}AKS.{id_}", title, severity, types, check, "", "Security", controls, source)


SETTINGS = "properties.configurationSettings"
BOTH = (CLUSTER, POOL)
RULES = (
    _rule("Version", "the version is supported", _version, "AZR-000015"),
    _rule("PoolVersion", "pools have the cluster's version", _pools(_pool_version), "AZR-000016", whole=True,
          types=BOTH),
    _rule("PoolScaleSet", "pools are scale sets", _pools(must_be("type", SCALE_SET, default=SCALE_SET)),
          "AZR-000017", types=BOTH),
    _rule("NodeMinPods", "nodes hold enough pods", _pools(_at_least("maxPods", MIN_PODS, 30)), "AZR-000018",
          types=BOTH),
    _rule("AutoScaling", "pools scale", _pools(must_be("enableAutoScaling", True, default=False)), "AZR-000019",
          pillar="Performance Efficiency", types=BOTH),
    _rule("AvailabilityZone", "pools span zones", _pools(must_have("availabilityZones")), "AZR-000021", types=BOTH),
    _rule("AuditLogs", "who did what in the cluster is kept", _audit, "AZR-000022", pillar="Security",
          controls=("LT-3", "LT-4"), whole=True),
    _rule("PlatformLogs", "logs of the control plane are kept", _platform, "AZR-000023", pillar="Security",
          controls=("LT-3",), whole=True),
    _rule("MinNodeCount", "the system pools outlive a node", _system_nodes, "AZR-000024", whole=True),
    _rule("ManagedIdentity", "no service principal with a password", must_not_be("identity.type", "None",
          default="None"),
          "AZR-000025", pillar="Security", controls=("IM-3",)),
    _rule("StandardLB", "the load balancer is Standard",
          must_be("properties.networkProfile.loadBalancerSku", "standard", default="standard"), "AZR-000026",
          pillar="Performance Efficiency"),
    _rule("NetworkPolicy", "an engine keeps network policies",
          must_be("properties.networkProfile.networkPolicy", "azure", "calico", "cilium", default="none"), "AZR-000027",
          pillar="Security", controls=("NS-2",)),
    _rule("AzurePolicyAddOn", "Azure Policy looks into the cluster", _add_on("azurepolicy"), "AZR-000028",
          pillar="Security", controls=("PV-5",)),
    _rule("ManagedAAD", "Entra knows who asks", must_be("properties.aadProfile.managed", True, default=False),
          "AZR-000029",
          pillar="Security", controls=("IM-1",)),
    _rule("AuthorizedIPs", "the API server answers named networks alone",
          must_have("properties.apiServerAccessProfile.authorizedIPRanges", when=_public), "AZR-000030",
          pillar="Security", controls=("NS-2",)),
    _rule("LocalAccounts", "no local accounts", must_be("properties.disableLocalAccounts", True, default=False),
          "AZR-000031", pillar="Security", controls=("IM-1",)),
    _rule("AzureRBAC", "Azure's roles decide", must_be("properties.aadProfile.enableAzureRBAC", True, default=False),
          "AZR-000032", pillar="Security", controls=("PA-7",)),
    _rule("SecretStore", "secrets come from the vault", _add_on("azureKeyvaultSecretsProvider"), "AZR-000033",
          pillar="Security", controls=("IM-8",)),
    _rule("SecretStoreRotation", "secrets from the vault are renewed",
          must_be("properties.addonProfiles.azureKeyvaultSecretsProvider.config.enableSecretRotation", "true"),
          "AZR-000034", pillar="Security", controls=("IM-8",)),
    _rule("HttpAppRouting", "no HTTP routing add-on",
          must_not_be("properties.addonProfiles.httpApplicationRouting.enabled", True), "AZR-000035",
          pillar="Security"),
    _rule("AutoUpgrade", "the cluster upgrades itself",
          must_not_be("properties.autoUpgradeProfile.upgradeChannel", "none", default="none"), "AZR-000036"),
    _rule("UseRBAC", "roles in the cluster are kept", must_be("properties.enableRBAC", True, default=True),
          "AZR-000038",
          pillar="Security", controls=("PA-7",)),
    _rule("Name", "the name is one Azure takes",
          must_be_named("[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", "1 to 63 letters, digits, _ and -"),
          "AZR-000039", Severity.AWARENESS, "Operational Excellence"),
    _rule("DNSPrefix", "the prefix is one Azure takes", _prefix, "AZR-000040", Severity.AWARENESS,
          "Operational Excellence"),
    _rule("ContainerInsights", "containers are watched", _add_on("omsagent"), "AZR-000041",
          pillar="Operational Excellence", controls=("LT-3",)),
    _rule("UptimeSLA", "the API server has an SLA", must_be("sku.tier", "Standard", default="Free"), "AZR-000285"),
    _rule("EphemeralOSDisk", "system disks are local to the node", _pools(must_be("osDiskType", "Ephemeral")),
          "AZR-000287", Severity.AWARENESS, "Performance Efficiency", types=BOTH),
    _rule("DefenderProfile", "Defender watches the cluster", _defender, "AZR-000370", pillar="Security",
          controls=("LT-1",)),
    _rule("MinUserPoolNodes", "user pools outlive a node", _pools(_user_nodes), "AZR-000412", types=BOTH),
    _rule("AuditAdmin", "reads don't drown the audit log", _audit_admin, "AZR-000445", pillar="Cost Optimization",
          whole=True),
    _rule("MaintenanceWindow", "upgrades have their hours", _windows, "AZR-000446", whole=True),
    _rule("NodeAutoUpgrade", "nodes upgrade themselves",
          must_not_be("properties.autoUpgradeProfile.nodeOSUpgradeChannel", "None", "Unmanaged", default="None"),
          pillar="Security", controls=("PV-7",)),
    _own("PrivateCluster", "the API server has no public door",
         must_be("properties.apiServerAccessProfile.enablePrivateCluster", True, default=False), "CKV_AZURE_115",
         Severity.CRITICAL, controls=("NS-2",)),
    _own("PublicName", "the API server has no public name",
         must_be("properties.apiServerAccessProfile.enablePrivateClusterPublicFQDN", False, default=True),
         "AKS: private clusters", controls=("NS-2",)),
    _own("NodePublicIP", "no node has a public address",
         _pools(must_be("enableNodePublicIP", False, default=False)), "CKV_AZURE_143", Severity.CRITICAL, BOTH,
         ("NS-2",)),
    _own("SystemPool", "system pools are the system's", _pools(_tainted), "CKV_AZURE_232", types=BOTH),
    _own("HostEncryption", "disks and caches are encrypted on the host",
         _pools(must_be("enableEncryptionAtHost", True, default=False)), "CKV_AZURE_227, every pool",
         types=BOTH, controls=("DP-4",)),
    _own("RunCommand", "no way around the private API",
         must_be("properties.apiServerAccessProfile.disableRunCommand", True, default=False), "AKS: command invoke",
         controls=("NS-2",)),
    _own("WorkloadIdentity", "pods have identities of their own",
         must_be("properties.securityProfile.workloadIdentity.enabled", True, default=False), "MCSB IM-3",
         controls=("IM-3",)),
    _own("OidcIssuer", "Entra can check the tokens of pods",
         must_be("properties.oidcIssuerProfile.enabled", True, default=False), "MCSB IM-3", controls=("IM-3",)),
    _own("InternalRouter", "the router of models is internal",
         must_be(f"{SETTINGS}.internalLoadBalancerProvider", "azure", when=_extension),
         "Azure ML: deploy the Kubernetes extension", Severity.CRITICAL, (EXTENSION,), ("NS-2",)),
    _own("RouterTls", "the router of models speaks TLS alone",
         must_be(f"{SETTINGS}.allowInsecureConnections", "False", default="False", when=_extension),
         "Azure ML: secure an online endpoint with TLS", Severity.CRITICAL, (EXTENSION,), ("DP-3",)),
)  # fmt: skip
