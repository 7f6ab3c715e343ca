"""The rules about who gets in: open ports, public data, and identities that may do everything."""

from __future__ import annotations

from chatops.story.blast_looks import anything, is_any_of, is_everywhere, is_false, is_set_at, is_true, matches, where
from chatops.story.blast_open import TYPES, from_all_addresses, kubernetes_is_open, lets_in
from chatops.story.blast_policy import (
    CONTRIBUTES,
    OWNS,
    all_is_allowed,
    anyone_may_invoke,
    escalates,
    grants,
    grants_everyone,
    policy_where,
    trusts_any_repository,
    trusts_everyone,
    whole_service,
)
from chatops.story.blast_shape import Level, Rule, When

_POLICIES = {
    "aws_iam_policy": ("policy",),
    "aws_iam_role_policy": ("policy",),
    "aws_iam_user_policy": ("policy",),
    "aws_iam_group_policy": ("policy",),
    "aws_iam_role": ("inline_policy.policy",),
    "aws_ssoadmin_permission_set_inline_policy": ("inline_policy",),
}
_OF_RESOURCES = {
    "policy": (
        "aws_s3_bucket_policy", "aws_s3_bucket", "aws_s3_access_point", "aws_sqs_queue_policy", "aws_sqs_queue",
        "aws_sns_topic_policy", "aws_sns_topic", "aws_secretsmanager_secret_policy", "aws_secretsmanager_secret",
        "aws_ecr_repository_policy", "aws_efs_file_system_policy", "aws_backup_vault_policy", "aws_kms_key",
        "aws_kms_key_policy", "aws_cloudwatch_event_bus_policy", "aws_glacier_vault_lock", "aws_codeartifact_*_policy",
    ),
    "access_policies": (
        "aws_opensearch_domain", "aws_opensearch_domain_policy", "aws_elasticsearch_domain",
        "aws_elasticsearch_domain_policy",
    ),
}  # fmt: skip
_ADMIN_POLICY = matches(r":policy/(?:AdministratorAccess|IAMFullAccess)$")
_POWER_POLICY = matches(r":policy/PowerUserAccess$")
_ATTACHED = ("aws_iam_*_policy_attachment", "aws_iam_policy_attachment", "aws_ssoadmin_managed_policy_attachment")
_GOOGLE_WIDE = ("google_project_iam_*", "google_folder_iam_*", "google_organization_iam_*")
_GOOGLE_INVOKED = (
    "google_cloud_run_service_iam_*", "google_cloud_run_v2_service_iam_*", "google_cloudfunctions*_function_iam_*",
)  # fmt: skip

ACCESS = (
    *(
        Rule("admin-port-open", Level.CRITICAL, (kind,),
             "Remote administration is open to the whole internet: whoever guesses or steals a key has the machine.",
             lets_in(kind, "admin"))
        for kind in TYPES
    ),
    *(
        Rule("database-port-open", Level.CRITICAL, (kind,),
             "A database's port is open to the whole internet: one weak password gives the data away.",
             lets_in(kind, "database"))
        for kind in TYPES
    ),
    *(
        Rule("port-open", Level.HIGH, (kind,),
             "The whole internet can reach a port that is not the web's.", lets_in(kind, "other"))
        for kind in TYPES
    ),
    *(
        Rule("iam-everything", Level.CRITICAL, (kind,),
             "Whoever has this may do anything to everything in the account.", policy_where(all_is_allowed, *paths))
        for kind, paths in _POLICIES.items()
    ),
    *(
        Rule("iam-escalation", Level.HIGH, (kind,),
             "Whoever has this can make himself an administrator.", policy_where(escalates, *paths))
        for kind, paths in _POLICIES.items()
    ),
    *(
        Rule("iam-whole-service", Level.MEDIUM, (kind,),
             "Whoever has this may do anything to all of a service's resources.", policy_where(whole_service, *paths))
        for kind, paths in _POLICIES.items()
    ),
    Rule("iam-administrator", Level.CRITICAL, _ATTACHED,
         "Whoever has this may do anything to everything in the account.",
         where(_ADMIN_POLICY, "policy_arn", "managed_policy_arn")),
    Rule("iam-administrator", Level.CRITICAL, ("aws_iam_role",),
         "Whoever takes this role may do anything to everything in the account.",
         where(_ADMIN_POLICY, "managed_policy_arns")),
    Rule("iam-power-user", Level.HIGH, _ATTACHED,
         "Whoever has this may do anything but manage identities.",
         where(_POWER_POLICY, "policy_arn", "managed_policy_arn")),
    Rule("iam-trusts-everyone", Level.CRITICAL, ("aws_iam_role",),
         "Anybody with any AWS account can take this role.", policy_where(trusts_everyone, "assume_role_policy")),
    Rule("iam-trusts-any-repository", Level.HIGH, ("aws_iam_role",),
         "Any repository on GitHub can take this role.", policy_where(trusts_any_repository, "assume_role_policy")),
    *(
        Rule("policy-public", Level.HIGH, types,
             "Its policy lets everybody in.", policy_where(trusts_everyone, path))
        for path, types in _OF_RESOURCES.items()
    ),
    Rule("function-public", Level.HIGH, ("aws_lambda_permission",),
         "Every account of AWS may call this function.", anyone_may_invoke),
    Rule("function-url-open", Level.MEDIUM, ("aws_lambda_function_url",),
         "Everybody on the internet can call this function.", where(is_any_of("NONE"), "authorization_type")),
    Rule("key-for-ever", Level.MEDIUM, (
        "aws_iam_access_key", "google_service_account_key", "azuread_application_password",
        "azuread_service_principal_password"),
         "A long-lived key is made: whoever finds a copy of it gets in until somebody takes it back.",
         anything, When.TURNED),
    Rule("google-owner", Level.CRITICAL, _GOOGLE_WIDE,
         "Whoever has this role owns the project, its data and its bill.", grants(r"roles/owner")),
    Rule("google-wide-role", Level.HIGH, _GOOGLE_WIDE,
         "Whoever has this role can change nearly everything in the project, or make himself its owner.",
         grants(r"roles/(?:editor|iam\.securityAdmin|iam\.serviceAccount(?:TokenCreator|User|KeyAdmin|Admin)"
                r"|iam\.organizationRoleAdmin|resourcemanager\.(?:project|folder|organization)[A-Za-z]*Admin)")),
    Rule("google-public", Level.HIGH, ("google_*_iam_member", "google_*_iam_binding", "google_*_iam_policy"),
         "It is given to everybody, with or without an account.", grants_everyone),
    Rule("google-service-public", Level.MEDIUM, _GOOGLE_INVOKED,
         "Everybody on the internet can call this service.", grants_everyone),
    Rule("google-object-public", Level.HIGH, (
        "google_storage_bucket_access_control", "google_storage_default_object_access_control",
        "google_storage_object_access_control", "google_bigquery_dataset_access"),
         "Everybody can read what is in it.",
         where(is_any_of("allUsers", "allAuthenticatedUsers"), "entity", "special_group")),
    Rule("google-bucket-public", Level.HIGH, (
        "google_storage_bucket_acl", "google_storage_default_object_acl", "google_storage_object_acl"),
         "Everybody can read what is in it.",
         where(matches(r"^(?:publicRead|publicReadWrite|[A-Z]+:all(?:Authenticated)?Users)$"),
               "predefined_acl", "role_entity")),
    Rule("azure-owner", Level.CRITICAL, ("azurerm_role_assignment",),
         "Whoever has this role owns the whole subscription, or can make himself its owner.", OWNS),
    Rule("azure-contributor", Level.HIGH, ("azurerm_role_assignment",),
         "Whoever has this role can change everything in the subscription.", CONTRIBUTES),
    Rule("azure-custom-role", Level.HIGH, ("azurerm_role_definition",),
         "The role may do everything where it is assigned.", where(is_any_of("*"), "permissions.actions")),
    Rule("bucket-public", Level.HIGH, ("aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object_acl"),
         "Everybody can read what is in the bucket, or even write to it.",
         where(is_any_of("public-read", "public-read-write", "authenticated-read"), "acl")),
    Rule("bucket-guard-off", Level.HIGH, ("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"),
         "The lock that keeps buckets from becoming public is open.",
         where(is_false, "block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")),
    Rule("container-public", Level.HIGH, ("azurerm_storage_container",),
         "Everybody can read what is in the container.",
         where(is_any_of("blob", "container"), "container_access_type")),
    Rule("database-public", Level.HIGH, (
        "aws_db_instance", "aws_rds_cluster_instance", "aws_redshift_cluster", "aws_redshiftserverless_workgroup",
        "aws_dms_replication_instance", "aws_mq_broker", "aws_lightsail_database"),
         "The database has an address on the internet: only its password and its firewall keep people out.",
         where(is_true, "publicly_accessible")),
    Rule("database-open-to-all", Level.CRITICAL, ("google_sql_database_instance",),
         "The whole internet may try passwords at this database.",
         where(is_everywhere, "settings.ip_configuration.authorized_networks.value")),
    Rule("database-open-to-all", Level.CRITICAL, ("azurerm_*_firewall_rule",),
         "The whole internet may try passwords at this database.", from_all_addresses),
    Rule("kubernetes-public", Level.MEDIUM, ("aws_eks_cluster",),
         "The cluster's API answers to the whole internet: only its credentials keep people out.", kubernetes_is_open),
    Rule("kubernetes-public", Level.MEDIUM, ("google_container_cluster",),
         "The cluster's API answers to the whole internet: only its credentials keep people out.",
         where(is_everywhere, "master_authorized_networks_config.cidr_blocks.cidr_block")),
    Rule("kubernetes-public", Level.MEDIUM, ("azurerm_kubernetes_cluster",),
         "The cluster's API answers to the whole internet: only its credentials keep people out.",
         where(is_everywhere, "api_server_access_profile.authorized_ip_ranges")),
    Rule("machine-public", Level.MEDIUM, ("aws_instance", "aws_launch_configuration"),
         "The machine has an address on the internet.", where(is_true, "associate_public_ip_address")),
    Rule("machine-public", Level.MEDIUM, ("aws_launch_template", "aws_subnet"),
         "Machines made with it get an address on the internet.",
         where(is_true, "network_interfaces.associate_public_ip_address", "map_public_ip_on_launch")),
    Rule("machine-public", Level.MEDIUM, ("google_compute_instance", "google_compute_instance_template"),
         "The machine has an address on the internet.", is_set_at("network_interface.access_config")),
    Rule("machine-public", Level.MEDIUM, ("aws_eip_association", "aws_eip", "azurerm_network_interface"),
         "A machine gets an address on the internet.",
         is_set_at("instance_id", "instance", "ip_configuration.public_ip_address_id")),
)  # fmt: skip
