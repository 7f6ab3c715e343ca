"""Resource types by what they are for: services, what holds data, what others stand on. Data, no logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICES: Mapping[str, tuple[str, ...]] = {
    "database": (
        "aws_db_", "aws_rds_", "aws_dynamodb_", "aws_elasticache_", "aws_redshift", "aws_docdb", "aws_neptune",
        "aws_memorydb_", "aws_keyspaces_", "aws_opensearch", "aws_elasticsearch", "aws_timestream", "aws_dax_",
        "google_sql_", "google_bigtable_", "google_spanner_", "google_firestore_", "google_bigquery_", "google_redis_",
        "google_alloydb_", "google_memcache_", "google_datastore_", "azurerm_mssql_", "azurerm_sql_",
        "azurerm_postgresql_", "azurerm_mysql_", "azurerm_mariadb_", "azurerm_cosmosdb_", "azurerm_redis_",
        "azurerm_synapse_", "azurerm_kusto_",
    ),
    "kubernetes": (
        "aws_eks_", "google_container_cluster", "google_container_node", "azurerm_kubernetes_", "kubernetes_", "helm_",
    ),
    "serverless": (
        "aws_lambda_", "aws_sfn_", "aws_api_gateway", "aws_apigatewayv2_", "aws_ecs_", "aws_apprunner_",
        "google_cloud_run_", "google_cloudfunctions", "google_app_engine_", "google_workflows_",
        "azurerm_function_app", "azurerm_linux_function", "azurerm_windows_function", "azurerm_container_app",
        "azurerm_container_group", "azurerm_logic_app_", "azurerm_service_plan", "azurerm_app_service",
        "azurerm_linux_web_app", "azurerm_windows_web_app",
    ),
    "storage": (
        "aws_s3", "aws_ebs_", "aws_efs_", "aws_fsx_", "aws_glacier_", "aws_backup_", "aws_ecr", "aws_volume_",
        "google_storage_", "google_compute_disk", "google_compute_region_disk", "google_filestore_",
        "google_artifact_registry_", "azurerm_storage_", "azurerm_managed_disk", "azurerm_container_registry",
        "azurerm_recovery_services_", "azurerm_virtual_machine_data_disk",
    ),
    "identity": (
        "aws_iam_", "aws_kms_", "aws_secretsmanager_", "aws_ssm_parameter", "aws_cognito_", "aws_acm", "aws_sso",
        "google_service_account", "google_kms_", "google_secret_manager_", "google_project_iam_", "google_iam_",
        "google_organization_iam_", "google_folder_iam_", "azurerm_role_", "azurerm_key_vault", "azurerm_user_assigned",
        "azuread_", "azurerm_management_lock",
    ),
    "dns": ("aws_route53", "google_dns_", "azurerm_dns_", "azurerm_private_dns_"),
    "messaging": (
        "aws_sqs_", "aws_sns_", "aws_kinesis_", "aws_mq_", "aws_msk_", "aws_cloudwatch_event_", "aws_scheduler_",
        "google_pubsub_", "google_cloud_tasks_", "google_cloud_scheduler_", "azurerm_servicebus_",
        "azurerm_eventhub", "azurerm_eventgrid_",
    ),
    "monitoring": (
        "aws_cloudwatch_", "aws_cloudtrail", "aws_config_", "aws_guardduty_", "aws_securityhub_", "aws_flow_log",
        "google_logging_", "google_monitoring_", "azurerm_monitor_", "azurerm_log_analytics_",
        "azurerm_application_insights",
    ),
    "network": (
        "aws_vpc", "aws_subnet", "aws_security_group", "aws_default_", "aws_route", "aws_nat_", "aws_internet_gateway",
        "aws_egress_only_", "aws_network_", "aws_eip", "aws_lb", "aws_alb", "aws_elb", "aws_cloudfront_", "aws_wafv2_",
        "aws_ec2_transit_", "aws_dx_", "aws_vpn_", "aws_customer_gateway", "aws_globalaccelerator_",
        "google_compute_network", "google_compute_subnetwork", "google_compute_firewall", "google_compute_router",
        "google_compute_address", "google_compute_global_", "google_compute_forwarding_", "google_compute_backend_",
        "google_compute_url_map", "google_compute_target_", "google_compute_health_", "google_compute_route",
        "google_compute_region_backend", "google_compute_ssl_", "google_compute_vpn_", "google_compute_ha_vpn",
        "google_vpc_", "google_service_networking_", "google_compute_security_policy",
        "azurerm_virtual_network", "azurerm_subnet", "azurerm_network_", "azurerm_public_ip", "azurerm_lb",
        "azurerm_nat_", "azurerm_application_gateway", "azurerm_firewall", "azurerm_route", "azurerm_cdn_",
        "azurerm_frontdoor", "azurerm_bastion_", "azurerm_private_endpoint", "azurerm_express_route_", "azurerm_vpn_",
    ),
    "compute": (
        "aws_instance", "aws_launch_", "aws_autoscaling_", "aws_spot_", "aws_ami", "aws_key_pair", "aws_batch_",
        "aws_lightsail_", "aws_elastic_beanstalk_", "aws_ec2_", "google_compute_", "azurerm_linux_virtual_machine",
        "azurerm_windows_virtual_machine", "azurerm_virtual_machine", "azurerm_orchestrated_", "azurerm_batch_",
        "azurerm_availability_set",
    ),
}  # fmt: skip
"""Prefixes of types by service, in the order in which they are tried."""

KEPT: Mapping[str, tuple[str, str]] = {
    "aws_db_instance": ("skip_final_snapshot", "false"),
    "aws_rds_cluster": ("skip_final_snapshot", "false"),
    "aws_docdb_cluster": ("skip_final_snapshot", "false"),
    "aws_neptune_cluster": ("skip_final_snapshot", "false"),
    "aws_redshift_cluster": ("skip_final_snapshot", "false"),
    "aws_dynamodb_table": ("point_in_time_recovery.enabled", "true"),
    "aws_ebs_volume": ("final_snapshot", "true"),
    "aws_ecr_repository": ("force_delete", "false"),
    "aws_elasticache_cluster": ("final_snapshot_identifier", "set"),
    "aws_elasticache_replication_group": ("final_snapshot_identifier", "set"),
    "aws_memorydb_cluster": ("final_snapshot_name", "set"),
    "aws_s3_bucket": ("force_destroy", "false"),
    "aws_s3_directory_bucket": ("force_destroy", "false"),
    "aws_secretsmanager_secret": ("recovery_window_in_days", "positive"),
    "google_bigquery_dataset": ("delete_contents_on_destroy", "false"),
    "google_compute_disk": ("create_snapshot_before_destroy", "true"),
    "google_compute_region_disk": ("create_snapshot_before_destroy", "true"),
    "google_firestore_database": ("deletion_policy", "ABANDON"),
    "google_storage_bucket": ("force_destroy", "false"),
}
"""Of what holds data, the setting by which the provider keeps a copy, waits, or refuses to destroy it while it is full
(each provider's documentation of the argument). What is not here keeps nothing."""

STATEFUL: tuple[str, ...] = (
    *KEPT,
    "aws_backup_vault", "aws_cognito_user_pool", "aws_db_cluster_snapshot", "aws_db_snapshot", "aws_ebs_snapshot",
    "aws_efs_file_system", "aws_elasticsearch_domain", "aws_fsx_*_file_system", "aws_glacier_vault",
    "aws_keyspaces_table", "aws_lightsail_database", "aws_mq_broker", "aws_msk_cluster", "aws_neptune_cluster_snapshot",
    "aws_opensearch_domain", "aws_opensearchserverless_collection", "aws_rds_global_cluster", "aws_s3tables_table",
    "aws_timestreamwrite_table",
    "google_alloydb_cluster", "google_artifact_registry_repository", "google_bigquery_table",
    "google_bigtable_instance",
    "google_bigtable_table", "google_compute_snapshot", "google_filestore_instance", "google_project",
    "google_redis_cluster", "google_redis_instance", "google_secret_manager_secret", "google_spanner_database",
    "google_spanner_instance", "google_sql_database", "google_sql_database_instance",
    "azurerm_container_registry", "azurerm_cosmosdb_*_container", "azurerm_cosmosdb_*_database",
    "azurerm_cosmosdb_account", "azurerm_kusto_cluster", "azurerm_kusto_database", "azurerm_managed_disk",
    "azurerm_managed_redis", "azurerm_mariadb_server", "azurerm_mssql_database", "azurerm_mssql_managed_instance",
    "azurerm_mssql_server", "azurerm_mysql_flexible_database", "azurerm_mysql_flexible_server", "azurerm_mysql_server",
    "azurerm_netapp_volume", "azurerm_postgresql_database", "azurerm_postgresql_flexible_server",
    "azurerm_postgresql_flexible_server_database", "azurerm_postgresql_server", "azurerm_recovery_services_vault",
    "azurerm_redis_cache", "azurerm_redis_enterprise_cluster", "azurerm_resource_group", "azurerm_snapshot",
    "azurerm_sql_database", "azurerm_storage_account", "azurerm_storage_container", "azurerm_storage_share",
    "azurerm_storage_table", "azurerm_synapse_sql_pool", "azurerm_synapse_workspace",
    "kubernetes_persistent_volume_claim", "kubernetes_persistent_volume_claim_v1",
)  # fmt: skip

KEYS = ("aws_kms_key", "aws_kms_replica_key", "google_kms_crypto_key", "google_kms_crypto_key_version",
        "azurerm_key_vault", "azurerm_key_vault_key", "azurerm_key_vault_managed_hardware_security_module")  # fmt: skip
SECRETS = ("aws_ssm_parameter", "azurerm_key_vault_secret", "azurerm_key_vault_certificate",
           "google_secret_manager_secret_version", "aws_secretsmanager_secret_version")  # fmt: skip
QUEUES = ("aws_sqs_queue", "aws_kinesis_stream", "aws_cloudwatch_log_group", "google_pubsub_subscription",
          "google_pubsub_topic", "google_logging_project_bucket_config", "azurerm_eventhub",
          "azurerm_eventhub_namespace", "azurerm_log_analytics_workspace", "azurerm_servicebus_namespace",
          "azurerm_servicebus_queue", "azurerm_storage_queue")  # fmt: skip
MACHINES = ("aws_instance", "aws_spot_instance_request", "aws_lightsail_instance", "google_compute_instance",
            "azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine", "azurerm_virtual_machine")  # fmt: skip
REPLACEABLE = (
    *MACHINES, "aws_autoscaling_group", "aws_ecs_service", "aws_eks_node_group", "aws_lambda_function",
    "aws_lb_target_group", "google_compute_instance_group_manager", "google_compute_region_instance_group_manager",
    "google_container_node_pool", "google_cloud_run_service", "google_cloud_run_v2_service",
    "azurerm_*_virtual_machine_scale_set", "azurerm_kubernetes_cluster_node_pool",
)  # fmt: skip
BALANCERS = (
    "aws_lb", "aws_alb", "aws_elb", "aws_lb_listener", "aws_lb_listener_rule", "aws_lb_target_group",
    "aws_lb_target_group_attachment", "aws_alb_target_group", "aws_alb_target_group_attachment", "aws_elb_attachment",
    "google_compute_backend_service", "google_compute_region_backend_service", "google_compute_target_pool",
    "azurerm_lb", "azurerm_lb_backend_address_pool", "azurerm_application_gateway",
    "azurerm_network_interface_backend_address_pool_association",
)  # fmt: skip
NETWORKS = ("aws_vpc", "aws_subnet", "aws_ec2_transit_gateway", "google_compute_network", "google_compute_subnetwork",
            "azurerm_virtual_network", "azurerm_subnet", "azurerm_virtual_hub")  # fmt: skip
ZONES = ("aws_route53_zone", "google_dns_managed_zone", "azurerm_dns_zone", "azurerm_private_dns_zone")
CLUSTERS = ("aws_eks_cluster", "aws_ecs_cluster", "google_container_cluster", "azurerm_kubernetes_cluster")
EDGE = (
    "aws_nat_gateway", "aws_lb", "aws_alb", "aws_elb", "aws_lb_listener", "aws_lb_listener_rule", "aws_route53_record",
    "aws_route53_zone", "aws_cloudfront_distribution", "aws_eip", "aws_eip_association", "aws_internet_gateway",
    "aws_api_gateway_domain_name", "google_compute_router_nat", "google_compute_*forwarding_rule",
    "google_compute_*url_map", "google_compute_*backend_service", "google_compute_*address", "google_dns_record_set",
    "google_dns_managed_zone", "azurerm_nat_gateway", "azurerm_lb", "azurerm_lb_rule", "azurerm_application_gateway",
    "azurerm_dns_*", "azurerm_private_dns_*", "azurerm_public_ip", "azurerm_cdn_frontdoor_*",
)  # fmt: skip
SHARED = (
    *NETWORKS, "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_*_rule", "aws_default_*",
    "aws_route", "aws_route_table*", "aws_network_acl*", "aws_vpc_peering_*", "aws_vpc_endpoint",
    "aws_iam_*policy*", "aws_iam_role", "aws_iam_group", "aws_iam_user", "aws_kms_key", "aws_kms_key_policy",
    "aws_kms_grant", "google_compute_firewall*", "google_compute_network_firewall_policy*", "google_compute_route*",
    "google_*_iam_*", "google_service_account", "azurerm_network_security_*", "azurerm_route*", "azurerm_role_*",
    "azurerm_virtual_network_peering", "azurerm_subnet_*", "azurerm_user_assigned_identity",
    "azurerm_key_vault_access_policy",
)  # fmt: skip
GUARDS = (
    "aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block", "aws_s3_bucket_versioning",
    "aws_s3_bucket_object_lock_configuration", "aws_s3_bucket_server_side_encryption_configuration", "aws_cloudtrail",
    "aws_guardduty_detector", "aws_securityhub_account", "aws_config_configuration_recorder", "aws_wafv2_web_acl",
    "aws_wafv2_web_acl_association", "aws_flow_log", "aws_backup_plan", "aws_backup_selection",
    "aws_backup_vault_lock_configuration", "aws_iam_account_password_policy", "aws_ebs_encryption_by_default",
    "aws_organizations_policy_attachment", "google_logging_project_sink", "google_compute_security_policy",
    "google_org_policy_policy", "google_project_organization_policy", "google_project_iam_audit_config",
    "google_compute_resource_policy", "azurerm_management_lock", "azurerm_monitor_diagnostic_setting",
    "azurerm_network_watcher_flow_log", "azurerm_security_center_subscription_pricing", "azurerm_backup_policy_vm",
    "azurerm_policy_assignment", "azurerm_subscription_policy_assignment", "azurerm_web_application_firewall_policy",
)  # fmt: skip


def service_of(kind: str) -> str:
    """The service a type belongs to, or "other"; IAM of anything is identity."""
    if kind.startswith("google_") and "_iam_" in kind:
        return "identity"
    for service, prefixes in SERVICES.items():
        if kind.startswith(prefixes):
            return service
    return "other"
