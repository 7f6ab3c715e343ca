"""The rules about settings: encryption, protection against accidents, backups, logs, old protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.blast_looks import (
    Finding,
    Side,
    is_any_of,
    is_false,
    is_positive,
    is_true,
    is_zero,
    matches,
    where,
)
from chatops.story.blast_shape import Level, Rule, When

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTECTION = (
    "deletion_protection", "disable_api_termination", "enable_deletion_protection", "deletion_protection_enabled",
    "purge_protection_enabled", "termination_protection", "enable_termination_protection",
    "settings.deletion_protection_enabled",
)  # fmt: skip
ENCRYPTED = {
    "storage_encrypted": ("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"),
    "encrypted": ("aws_ebs_volume", "aws_efs_file_system", "aws_redshift_cluster", "aws_ebs_snapshot_copy"),
    "root_block_device.encrypted": ("aws_instance",),
    "ebs_block_device.encrypted": ("aws_instance",),
    "block_device_mappings.ebs.encrypted": ("aws_launch_template",),
    "at_rest_encryption_enabled": ("aws_elasticache_replication_group",),
    "transit_encryption_enabled": ("aws_elasticache_replication_group", "aws_elasticache_cluster"),
    "encrypt_at_rest.enabled": ("aws_opensearch_domain", "aws_elasticsearch_domain"),
    "node_to_node_encryption.enabled": ("aws_opensearch_domain", "aws_elasticsearch_domain"),
    "enabled": ("aws_ebs_encryption_by_default",),
    "tls_enabled": ("aws_memorydb_cluster",),
    "https_traffic_only_enabled": ("azurerm_storage_account",),
    "enable_https_traffic_only": ("azurerm_storage_account",),
    "ssl_enforcement_enabled": ("azurerm_postgresql_server", "azurerm_mysql_server", "azurerm_mariadb_server"),
    "settings.ip_configuration.require_ssl": ("google_sql_database_instance",),
}
"""Attributes whose no leaves something in the clear, at rest or on its way, with their types."""
OLD_TLS = {
    "ssl_policy": (("aws_lb_listener", "aws_alb_listener"), matches(r"2015-05|2016-08|TLS13?-1-[01]-|FS-2018|FS-1-1-")),
    "viewer_certificate.minimum_protocol_version": (
        ("aws_cloudfront_distribution",), is_any_of("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016")),
    "security_policy": (("aws_api_gateway_domain_name",), is_any_of("TLS_1_0")),
    "domain_endpoint_options.tls_security_policy": (
        ("aws_opensearch_domain", "aws_elasticsearch_domain"), matches(r"Min-TLS-1-0")),
    "min_tls_version": (("azurerm_storage_account", "google_compute_ssl_policy"), matches(r"^TLS_?1_[01]$")),
    "minimum_tls_version": (("azurerm_redis_cache", "azurerm_mssql_server"), is_any_of("1.0", "1.1", "Disabled")),
}  # fmt: skip


def _metadata_without_token(side: Side) -> Iterator[Finding]:
    for block in side.blocks("metadata_options"):
        if block is None:
            yield Finding("metadata_options.http_tokens", unknown=True)
        elif block.text("http_endpoint") != "disabled":
            for found in where(is_any_of("optional"), "http_tokens")(block):
                yield Finding(f"metadata_options.{found.attribute}", found.evidence, found.unknown)


SETTINGS = (
    Rule("protection-removed", Level.HIGH, ("*",),
         "Nothing any longer keeps it from being deleted by mistake.",
         where(is_false, *PROTECTION), When.UNDONE, where(is_true, *PROTECTION)),
    *(
        Rule("encryption-off", Level.HIGH, types,
             "It is not encrypted: whoever gets at it can read it.", where(is_false, path), When.TURNED)
        for path, types in ENCRYPTED.items()
    ),
    Rule("final-copy-off", Level.MEDIUM, (
        "aws_db_instance", "aws_rds_cluster", "aws_redshift_cluster", "aws_docdb_cluster", "aws_neptune_cluster"),
         "When it is destroyed one day, no last copy of its data will be made.",
         where(is_true, "skip_final_snapshot"), When.TURNED),
    Rule("force-destroy", Level.MEDIUM, ("aws_s3_bucket", "aws_s3_directory_bucket", "google_storage_bucket",
                                         "aws_ecr_repository", "google_bigquery_dataset"),
         "When it is destroyed one day, everything in it goes too, without a question.",
         where(is_true, "force_destroy", "force_delete", "delete_contents_on_destroy"), When.TURNED),
    Rule("backups-off", Level.HIGH, ("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"),
         "No automatic backups are kept.", where(is_zero, "backup_retention_period"), When.TURNED),
    Rule("backups-off", Level.HIGH, ("aws_elasticache_replication_group", "aws_elasticache_cluster",
                                     "aws_redshift_cluster", "aws_memorydb_cluster"),
         "No automatic backups are kept any longer.",
         where(is_zero, "snapshot_retention_limit", "automated_snapshot_retention_period"), When.UNDONE,
         where(is_positive, "snapshot_retention_limit", "automated_snapshot_retention_period")),
    Rule("backups-off", Level.HIGH, ("google_sql_database_instance",),
         "No automatic backups are kept.", where(is_false, "settings.backup_configuration.enabled"), When.TURNED),
    Rule("backups-off", Level.HIGH, ("aws_dynamodb_table",),
         "The table can no longer be put back to an earlier moment.",
         where(is_false, "point_in_time_recovery.enabled"), When.UNDONE,
         where(is_true, "point_in_time_recovery.enabled")),
    Rule("versioning-off", Level.MEDIUM, ("aws_s3_bucket_versioning",),
         "What is overwritten or deleted from now on cannot be had back.",
         where(is_any_of("Suspended", "Disabled"), "versioning_configuration.status"), When.TURNED),
    Rule("versioning-off", Level.MEDIUM, ("aws_s3_bucket", "google_storage_bucket"),
         "What is overwritten or deleted from now on cannot be had back.",
         where(is_false, "versioning.enabled"), When.UNDONE, where(is_true, "versioning.enabled")),
    Rule("key-rotation-off", Level.MEDIUM, ("aws_kms_key",),
         "The key is no longer replaced by a new one every year.",
         where(is_false, "enable_key_rotation"), When.UNDONE, where(is_true, "enable_key_rotation")),
    Rule("logs-off", Level.HIGH, ("aws_cloudtrail",),
         "What happens in the account is no longer written down.", where(is_false, "enable_logging"), When.TURNED),
    Rule("logs-off", Level.MEDIUM, ("aws_cloudtrail",),
         "Nobody can tell whether the log of what happened was changed.",
         where(is_false, "enable_log_file_validation"), When.UNDONE, where(is_true, "enable_log_file_validation")),
    Rule("logs-off", Level.MEDIUM, ("google_container_cluster",),
         "The cluster writes no logs.", where(is_any_of("none"), "logging_service"), When.TURNED),
    Rule("logs-off", Level.MEDIUM, ("aws_lb", "aws_alb", "aws_elb"),
         "Who calls the load balancer is no longer written down.",
         where(is_false, "access_logs.enabled"), When.UNDONE, where(is_true, "access_logs.enabled")),
    Rule("guard-off", Level.HIGH, ("aws_guardduty_detector", "aws_config_configuration_recorder_status"),
         "Nobody watches the account any longer.", where(is_false, "enable", "is_enabled"), When.TURNED),
    Rule("metadata-without-token", Level.MEDIUM, ("aws_instance", "aws_launch_template", "aws_launch_configuration"),
         "A hole in a program on the machine is enough to get the machine's credentials: tokens are optional.",
         _metadata_without_token),
    *(
        Rule("tls-old", Level.MEDIUM, types,
             "It still speaks versions of TLS that are known to be weak.", where(test, path))
        for path, (types, test) in OLD_TLS.items()
    ),
    Rule("password-login", Level.MEDIUM, ("azurerm_linux_virtual_machine", "azurerm_linux_virtual_machine_scale_set"),
         "The machine lets people in by password, which can be guessed.",
         where(is_false, "disable_password_authentication")),
)  # fmt: skip
