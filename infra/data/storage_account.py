"""What the lake and the workspace's storage have in common: a closed, keyless StorageV2 account."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import security, storage

from infra import settings
from infra.access import STUDIO_ORIGINS, address, default_action
from infra.block import Placement


def account(
    name: str,
    place: Placement,
    *,
    account_name: str,
    redundancy: settings.Redundancy,
    network: settings.Network,
    hierarchical: bool,
    shared_keys: bool,
    opts: pulumi.ResourceOptions,
) -> storage.StorageAccount:
    """An account that speaks TLS 1.2, knows no anonymous access and, by default, no keys."""
    return storage.StorageAccount(
        name,
        resource_group_name=place.resource_group,
        account_name=account_name,
        location=place.location,
        kind="StorageV2",
        sku=storage.SkuArgs(name=redundancy),
        access_tier=storage.AccessTier.HOT,
        is_hns_enabled=hierarchical,
        enable_https_traffic_only=True,
        minimum_tls_version="TLS1_2",
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allow_shared_key_access=shared_keys,
        default_to_o_auth_authentication=not shared_keys,
        is_local_user_enabled=False,
        is_sftp_enabled=False,
        public_network_access=network.public_access,
        network_rule_set=storage.NetworkRuleSetArgs(
            bypass="AzureServices",
            default_action=storage.DefaultAction(default_action(network)),
            ip_rules=[
                storage.IPRuleArgs(i_p_address_or_range=address(given), action=storage.Action.ALLOW)
                for given in network.allowed_ip_ranges
            ],
        ),
        tags=place.tags,
        opts=opts,
    )


def defended(
    name: str, account_id: pulumi.Input[str], defender: settings.StorageDefender, opts: pulumi.ResourceOptions
) -> security.DefenderForStorage:
    """Defender for Storage with all it offers (Azure Policy: "Configure Microsoft Defender for Storage to be enabled").

    The account's own setting goes before the subscription's, so that the plan says what is on.
    """
    return security.DefenderForStorage(
        name,
        resource_id=account_id,
        setting_name="current",
        properties=security.DefenderForStorageSettingPropertiesArgs(
            is_enabled=True,
            malware_scanning=security.MalwareScanningPropertiesArgs(
                on_upload=security.OnUploadPropertiesArgs(is_enabled=True, cap_gb_per_month=defender.scan_cap_gb)
            ),
            sensitive_data_discovery=security.SensitiveDataDiscoveryPropertiesArgs(is_enabled=True),
            override_subscription_level_settings=True,
        ),
        opts=opts,
    )


def blob_service(
    name: str,
    place: Placement,
    account_name: pulumi.Input[str],
    *,
    days: int,
    track_last_access: bool = False,
    opts: pulumi.ResourceOptions,
) -> storage.BlobServiceProperties:
    """Soft delete for blobs and containers, the studio's origins, and when a blob was read where rules ask for it."""
    tracking = storage.LastAccessTimeTrackingPolicyArgs(
        enable=True, name="AccessTimeTracking", tracking_granularity_in_days=1, blob_type=["blockBlob"]
    )
    return storage.BlobServiceProperties(
        name,
        resource_group_name=place.resource_group,
        account_name=account_name,
        blob_services_name="default",
        delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=days),
        container_delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=days),
        last_access_time_tracking_policy=tracking if track_last_access else None,
        cors=storage.CorsRulesArgs(
            cors_rules=[
                storage.CorsRuleArgs(
                    allowed_origins=list(STUDIO_ORIGINS),
                    allowed_methods=["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"],
                    allowed_headers=["*"],
                    exposed_headers=["*"],
                    max_age_in_seconds=1800,
                )
            ]
        ),
        opts=opts,
    )
