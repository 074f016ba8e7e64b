"""The router's certificate: out of Key Vault, by the driver that mounts secrets, into the secret the router reads.

The extension takes a Kubernetes secret with `cert.pem` and `key.pem` in its own namespace, before it is installed
(machine-learning/how-to-secure-kubernetes-online-endpoint). The driver keeps a secret in step with the vault while a
pod mounts it (aks/csi-secrets-store-driver, "Sync mounted content with a Kubernetes secret"): that pod is here, and
does nothing else. The driver copies a vault's secret as a whole and splits nothing for an opaque one, so that
certificate and key are two secrets of the vault and not one certificate object. A renewed certificate takes effect
when the extension is updated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import keyvault, managedidentity

from infra.block import Block, Placement
from infra.cluster.extension import EXTENSION_NAMESPACE
from infra.identities.identity import Account
from infra.settings.kubernetes import Tls

SERVICE_ACCOUNT = "router-certificate"
PARTS = {"certificate": "cert.pem", "private-key": "key.pem"}
"""What is kept in the vault, by the end of its secret's name, and the key the router reads it by."""
PAUSE = "mcr.microsoft.com/oss/kubernetes/pause:3.9"
"""An image that waits."""
_MOUNT = "certificate"


@dataclass(frozen=True)
class CertificateArgs:
    """What the certificate comes from.

    Args:
        placement: where it goes.
        tls: its settings.
        vault_name: the vault that keeps it.
        tenant_id: the vault's.
        reader: who reads it there.
        issuer: who signs the tokens of the cluster's service accounts.
        kubernetes: the cluster's own interface.
        ready: roles of the reader.
    """

    placement: Placement
    tls: Tls
    vault_name: pulumi.Input[str]
    tenant_id: str
    reader: Account
    issuer: pulumi.Input[str]
    kubernetes: kubernetes.Provider
    ready: list[pulumi.Resource]


class Certificate(Block):
    """The secret that the router reads, from the vault or from the settings."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        self._namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace", metadata={"name": EXTENSION_NAMESPACE}, opts=self._inside()
        )
        self.ready: list[pulumi.Resource] = [self._namespace]
        """What the extension waits for."""
        if args.tls.source == "vault":
            self.ready += self._mounted(self._kept())
        elif args.tls.certificate and args.tls.private_key:
            self.ready.append(self._secret())
        self.register_outputs({"secret": args.tls.ssl_secret})

    def _inside(self, *before: pulumi.Resource) -> pulumi.ResourceOptions:
        return self.child(provider=self._args.kubernetes, depends_on=list(before))

    def _values(self) -> dict[str, str]:
        tls = self._args.tls
        if tls.certificate is None or tls.private_key is None:
            return {}
        return {"certificate": tls.certificate.get_secret_value(), "private-key": tls.private_key.get_secret_value()}

    def _secret(self) -> pulumi.Resource:
        data = {PARTS[part]: value for part, value in self._values().items()}
        return kubernetes.core.v1.Secret(
            f"{self._name}-secret",
            metadata={"name": self._args.tls.ssl_secret, "namespace": EXTENSION_NAMESPACE},
            string_data=pulumi.Output.secret(data),
            opts=self._inside(self._namespace),
        )

    def _kept(self) -> list[pulumi.Resource]:
        """The vault's secrets, where the settings bring the certificate; else somebody has put them there."""
        args = self._args
        return [
            keyvault.Secret(
                f"{self._name}-{part}",
                resource_group_name=args.placement.resource_group,
                vault_name=args.vault_name,
                secret_name=f"{args.tls.ssl_secret}-{part}",
                properties=keyvault.SecretPropertiesArgs(
                    value=pulumi.Output.secret(value),
                    content_type="application/x-pem-file",
                    attributes=keyvault.SecretAttributesArgs(enabled=True, expires=_end_of(args.tls.expires)),
                ),
                tags=args.placement.tags,
                opts=self.child(),
            )
            for part, value in self._values().items()
        ]

    def _mounted(self, kept: list[pulumi.Resource]) -> list[pulumi.Resource]:
        args = self._args
        federation = managedidentity.FederatedIdentityCredential(
            f"{self._name}-identity",
            resource_group_name=args.placement.resource_group,
            resource_name_=args.reader.name,
            federated_identity_credential_resource_name="kubernetes",
            issuer=args.issuer,
            subject=f"system:serviceaccount:{EXTENSION_NAMESPACE}:{SERVICE_ACCOUNT}",
            audiences=["api://AzureADTokenExchange"],
            opts=self.child(),
        )
        account = kubernetes.core.v1.ServiceAccount(
            f"{self._name}-service-account",
            metadata={
                "name": SERVICE_ACCOUNT,
                "namespace": EXTENSION_NAMESPACE,
                "annotations": {"azure.workload.identity/client-id": args.reader.client_id},
            },
            opts=self._inside(self._namespace),
        )
        source = kubernetes.apiextensions.CustomResource(
            f"{self._name}-source",
            api_version="secrets-store.csi.x-k8s.io/v1",
            kind="SecretProviderClass",
            metadata={"name": args.tls.ssl_secret, "namespace": EXTENSION_NAMESPACE},
            spec=self._source(),
            opts=self._inside(self._namespace),
        )
        # Pulumi waits for a deployment's pods, and so for the secret that the driver makes with them.
        pod = kubernetes.apps.v1.Deployment(
            f"{self._name}-mount",
            metadata={"name": SERVICE_ACCOUNT, "namespace": EXTENSION_NAMESPACE},
            spec=_mount(args.tls.ssl_secret),
            opts=self._inside(account, source, federation, *kept, *args.ready),
        )
        return [pod]

    def _source(self) -> dict[str, object]:
        """What the driver reads, and the Kubernetes secret it keeps (azure/secrets-store-csi-driver-provider-azure)."""
        args, secret = self._args, self._args.tls.ssl_secret
        # The provider reads YAML, of which JSON is a part.
        wanted = [json.dumps({"objectName": f"{secret}-{part}", "objectType": "secret"}) for part in PARTS]
        return {
            "provider": "azure",
            "parameters": {
                "usePodIdentity": "false",
                "clientID": args.reader.client_id,
                "keyvaultName": args.vault_name,
                "tenantId": args.tenant_id,
                "objects": json.dumps({"array": wanted}),
            },
            "secretObjects": [
                {
                    "secretName": secret,
                    "type": "Opaque",
                    "data": [{"objectName": f"{secret}-{part}", "key": key} for part, key in PARTS.items()],
                }
            ],
        }


def _end_of(day: date | None) -> int | None:
    """A day's last second, as the vault counts time."""
    return None if day is None else int(datetime.combine(day, time(23, 59, 59), UTC).timestamp())


def _mount(source: str) -> kubernetes.apps.v1.DeploymentSpecArgsDict:
    """A pod that mounts the certificate and waits, with as few rights as a pod can have."""
    labels = {"app": SERVICE_ACCOUNT, "azure.workload.identity/use": "true"}
    container: kubernetes.core.v1.ContainerArgsDict = {
        "name": "wait",
        "image": PAUSE,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "50m", "memory": "32Mi"}},
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "run_as_non_root": True,
            "run_as_user": 65535,
            "capabilities": {"drop": ["ALL"]},
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "volume_mounts": [{"name": _MOUNT, "mount_path": "/mnt/certificate", "read_only": True}],
    }
    driver: kubernetes.core.v1.CSIVolumeSourceArgsDict = {
        "driver": "secrets-store.csi.k8s.io",
        "read_only": True,
        "volume_attributes": {"secretProviderClass": source},
    }
    return {
        "replicas": 1,
        "selector": {"match_labels": {"app": SERVICE_ACCOUNT}},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "service_account_name": SERVICE_ACCOUNT,
                "containers": [container],
                "volumes": [{"name": _MOUNT, "csi": driver}],
            },
        },
    }
