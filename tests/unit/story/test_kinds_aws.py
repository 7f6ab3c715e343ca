"""AWS's kinds against published estimates: the golden files of Infracost's tests (Apache-2.0), whose names are named.

Each is the sum of what a resource is billed in any case; parts by use count in no total, there as here.
"""

from typing import Any

import pytest

from chatops.story.kinds.aws import KINDS
from chatops.story.prices import open_book
from tests.unit.story.aws_bills import bill, monthly

PUBLISHED: dict[str, tuple[str, dict[str, Any], float]] = {
    # instance_test
    "m3.medium with six disks": (
        "aws_instance",
        {
            "instance_type": "m3.medium",
            "root_block_device": [{"volume_size": 10}],
            "ebs_block_device": [
                {"volume_size": 10},
                {"volume_size": 20, "volume_type": "standard"},
                {"volume_size": 30, "volume_type": "sc1"},
                {"volume_size": 40, "volume_type": "io1", "iops": 1000},
                {"volume_size": 20, "volume_type": "gp3"},
            ],
        },
        48.91 + 1 + 1 + 1 + 0.45 + 5 + 65 + 1.60,
    ),
    "detailed monitoring": ("aws_instance", {"instance_type": "m3.large", "monitoring": True}, 97.09 + 2.10 + 0.80),
    "EBS-optimised": ("aws_instance", {"instance_type": "r3.xlarge", "ebs_optimized": True}, 243.09 + 14.60 + 0.80),
    "EBS-optimised at no price": ("aws_instance", {"instance_type": "m3.large", "ebs_optimized": True}, 97.09 + 0.80),
    "t3.medium": ("aws_instance", {"instance_type": "t3.medium"}, 30.37 + 0.80),
    # ebs_volume_test
    "volume that says nothing else": ("aws_ebs_volume", {"size": 10}, 1.00),
    "io1": ("aws_ebs_volume", {"type": "io1", "size": 30, "iops": 300}, 3.75 + 19.50),
    "io2": ("aws_ebs_volume", {"type": "io2", "size": 30, "iops": 300}, 3.75 + 19.50),
    "st1": ("aws_ebs_volume", {"type": "st1", "size": 40}, 1.80),
    "sc1": ("aws_ebs_volume", {"type": "sc1", "size": 50}, 0.75),
    "magnetic": ("aws_ebs_volume", {"type": "standard", "size": 20}, 1.00),
    "gp3 above its baseline": (
        "aws_ebs_volume",
        {"type": "gp3", "size": 40, "iops": 4000, "throughput": 130},
        3.20 + 0.20 + 5.00,
    ),
    # db_instance_test
    "mysql": ("aws_db_instance", {"engine": "mysql", "instance_class": "db.t3.large"}, 99.28 + 2.30),
    "mariadb": ("aws_db_instance", {"engine": "mariadb", "instance_class": "db.t3.large"}, 99.28 + 2.30),
    "postgres": (
        "aws_db_instance",
        {"engine": "postgres", "engine_version": "16", "instance_class": "db.t3.large"},
        105.85 + 2.30,
    ),
    "mysql in two zones": (
        "aws_db_instance",
        {"engine": "mysql", "instance_class": "db.t3.large", "multi_az": True, "allocated_storage": 30},
        198.56 + 6.90,
    ),
    "io1 below its least": (
        "aws_db_instance",
        {
            "engine": "mysql",
            "instance_class": "db.t3.large",
            "storage_type": "io1",
            "allocated_storage": 50,
            "iops": 500,
        },
        99.28 + 12.50 + 100,
    ),
    "operations make it io1": (
        "aws_db_instance",
        {"engine": "mysql", "instance_class": "db.t3.large", "iops": 1200},
        99.28 + 12.50 + 120,
    ),
    "magnetic database": (
        "aws_db_instance",
        {"engine": "mysql", "instance_class": "db.t3.large", "storage_type": "standard", "allocated_storage": 40},
        99.28 + 4.00,
    ),
    "gp3 above 12,000 in two zones": (
        "aws_db_instance",
        {
            "engine": "mysql",
            "instance_class": "db.t4g.small",
            "multi_az": True,
            "storage_type": "gp3",
            "allocated_storage": 400,
            "iops": 14000,
        },
        47.45 + 92.00 + 80.00,
    ),
    "gp3 below 12,000": (
        "aws_db_instance",
        {
            "engine": "mysql",
            "instance_class": "db.t4g.small",
            "storage_type": "gp3",
            "allocated_storage": 400,
            "iops": 12000,
        },
        23.36 + 46.00,
    ),
    "insights kept for long": (
        "aws_db_instance",
        {
            "engine": "mysql",
            "instance_class": "db.m5.large",
            "performance_insights_enabled": True,
            "performance_insights_retention_period": 731,
        },
        124.83 + 2.30 + 7.63,
    ),
    "old postgres": (
        "aws_db_instance",
        {"engine": "postgres", "engine_version": "11.22", "instance_class": "db.t3.large"},
        105.85 + 2.30 + 146.00,
    ),
    "sqlserver-ex": ("aws_db_instance", {"engine": "sqlserver-ex", "instance_class": "db.t3.large"}, 118.26 + 2.30),
    "sqlserver-se": ("aws_db_instance", {"engine": "sqlserver-se", "instance_class": "db.m5.xlarge"}, 893.52 + 2.30),
    "oracle-se2-cdb": ("aws_db_instance", {"engine": "oracle-se2-cdb", "instance_class": "db.t3.large"}, 219.00 + 2.30),
    "oracle-ee": ("aws_db_instance", {"engine": "oracle-ee", "instance_class": "db.t3.large"}, 99.28 + 2.30),
    "oracle-se1 with one's own licence": (
        "aws_db_instance",
        {"engine": "oracle-se1", "instance_class": "db.t3.large", "license_model": "bring-your-own-license"},
        99.28 + 2.30,
    ),
    "aurora-postgresql as an instance": (
        "aws_db_instance",
        {"engine": "aurora-postgresql", "instance_class": "db.t3.large"},
        119.72 + 2.30,
    ),
    # rds_cluster_instance_test
    "Aurora r4.large": (
        "aws_rds_cluster_instance",
        {"engine": "aurora-mysql", "instance_class": "db.r4.large"},
        211.70,
    ),
    "Aurora t3.medium": (
        "aws_rds_cluster_instance",
        {"engine": "aurora-mysql", "instance_class": "db.t3.medium"},
        59.86,
    ),
    "Aurora r4.8xlarge": (
        "aws_rds_cluster_instance",
        {
            "engine": "aurora-mysql",
            "instance_class": "db.r4.8xlarge",
            "performance_insights_enabled": True,
            "performance_insights_retention_period": 731,
        },
        3387.20 + 165.89,
    ),
    "old Aurora": (
        "aws_rds_cluster_instance",
        {"engine": "aurora-postgresql", "engine_version": "12", "instance_class": "db.t3.large"},
        119.72 + 146.00,
    ),
    # elasticache_*_test
    "memcached": (
        "aws_elasticache_cluster",
        {"engine": "memcached", "node_type": "cache.m4.large", "num_cache_nodes": 2},
        227.76,
    ),
    "redis": ("aws_elasticache_cluster", {"engine": "redis", "node_type": "cache.m6g.12xlarge"}, 2596.61),
    "sharded redis": (
        "aws_elasticache_replication_group",
        {"node_type": "cache.m4.large", "num_node_groups": 4, "replicas_per_node_group": 3},
        1822.08,
    ),
    "sharded redis, the old way": (
        "aws_elasticache_replication_group",
        {
            "node_type": "cache.m4.large",
            "cluster_mode": [{"num_node_groups": 4, "replicas_per_node_group": 3}],
        },
        1822.08,
    ),
    "three redis nodes": (
        "aws_elasticache_replication_group",
        {"node_type": "cache.r5.4xlarge", "number_cache_clusters": 3},
        3775.56,
    ),
    # docdb_cluster_instance_test, redshift_cluster_test, dms_test, dynamodb_table_test
    "DocumentDB": ("aws_docdb_cluster_instance", {"instance_class": "db.t3.medium"}, 56.94),
    "DocumentDB r5.4xlarge": ("aws_docdb_cluster_instance", {"instance_class": "db.r5.4xlarge"}, 1617.68),
    "Redshift": ("aws_redshift_cluster", {"node_type": "dc2.large", "number_of_nodes": 4}, 730.00),
    "Redshift ra3": ("aws_redshift_cluster", {"node_type": "ra3.4xlarge", "number_of_nodes": 6}, 14_278.80),
    "DMS in two zones": (
        "aws_dms_replication_instance",
        {"replication_instance_class": "dms.t2.micro", "allocated_storage": 70, "multi_az": True},
        26.28 + 4.60,
    ),
    "DMS": (
        "aws_dms_replication_instance",
        {"replication_instance_class": "dms.t2.micro", "allocated_storage": 20},
        13.14,
    ),
    "DynamoDB": (
        "aws_dynamodb_table",
        {
            "billing_mode": "PROVISIONED",
            "read_capacity": 30,
            "write_capacity": 20,
            "replica": [{"region_name": "us-east-2"}, {"region_name": "us-west-1"}],
        },
        9.49 + 2.85 + 9.49 + 10.59,
    ),
    "DynamoDB that says nothing else": ("aws_dynamodb_table", {"read_capacity": 30, "write_capacity": 20}, 9.49 + 2.85),
    # opensearch_domain_test, msk_cluster_test, mq_broker_test, kinesis_stream_test
    "OpenSearch": (
        "aws_opensearch_domain",
        {
            "cluster_config": [
                {
                    "instance_type": "c4.2xlarge.search",
                    "instance_count": 3,
                    "dedicated_master_enabled": True,
                    "dedicated_master_type": "c4.8xlarge.search",
                    "dedicated_master_count": 1,
                    "warm_enabled": True,
                    "warm_count": 2,
                    "warm_type": "ultrawarm1.medium.search",
                }
            ],
        },
        1285.53 + 1713.31 + 347.48,
    ),
    "Kafka t3.small": (
        "aws_msk_cluster",
        {
            "number_of_broker_nodes": 2,
            "broker_node_group_info": [{"instance_type": "kafka.t3.small", "ebs_volume_size": 500}],
        },
        66.58 + 100,
    ),
    "Kafka m5.24xlarge": (
        "aws_msk_cluster",
        {
            "number_of_broker_nodes": 4,
            "broker_node_group_info": [
                {
                    "instance_type": "kafka.m5.24xlarge",
                    "storage_info": [{"ebs_storage_info": [{"volume_size": 1000}]}],
                }
            ],
        },
        29_433.60 + 400,
    ),
    "RabbitMQ in three zones": (
        "aws_mq_broker",
        {"engine_type": "RabbitMQ", "host_instance_type": "mq.m5.xlarge", "deployment_mode": "CLUSTER_MULTI_AZ"},
        1261.44,
    ),
    "ActiveMQ and its stand-by": (
        "aws_mq_broker",
        {"engine_type": "ActiveMQ", "host_instance_type": "mq.m5.large", "deployment_mode": "ACTIVE_STANDBY_MULTI_AZ"},
        420.48,
    ),
    "ActiveMQ": ("aws_mq_broker", {"engine_type": "ActiveMQ", "host_instance_type": "mq.t2.micro"}, 21.90),
    "stream of four shards": ("aws_kinesis_stream", {"shard_count": 4}, 43.80),
    "stream on demand": ("aws_kinesis_stream", {"stream_mode_details": [{"stream_mode": "ON_DEMAND"}]}, 29.20),
    "Airflow": ("aws_mwaa_environment", {}, 357.70),
    "large Airflow": ("aws_mwaa_environment", {"environment_class": "mw1.large"}, 722.70),
    # nat_gateway_test, lb_test, elb_test, eip_test, vpc_endpoint_test, vpn_connection_test and others of the network
    "NAT": ("aws_nat_gateway", {}, 32.85),
    "load balancer": ("aws_lb", {}, 16.43),
    "network balancer": ("aws_lb", {"load_balancer_type": "network"}, 16.43),
    "old name of a balancer": ("aws_alb", {}, 16.43),
    "classic balancer": ("aws_elb", {}, 18.25),
    "address": ("aws_eip", {}, 3.65),
    "endpoints in two zones": (
        "aws_vpc_endpoint",
        {"vpc_endpoint_type": "Interface", "subnet_ids": ["subnet-a", "subnet-b"]},
        14.60,
    ),
    "endpoint of a gateway balancer": ("aws_vpc_endpoint", {"vpc_endpoint_type": "GatewayLoadBalancer"}, 7.30),
    "tunnel": ("aws_vpn_connection", {}, 36.50),
    "tunnel to a transit gateway": ("aws_vpn_connection", {"transit_gateway_id": "tgw-1"}, 73.00),
    "transit gateway attachment": ("aws_ec2_transit_gateway_vpc_attachment", {}, 36.50),
    "client VPN": ("aws_ec2_client_vpn_endpoint", {}, 36.50),
    "client VPN's network": ("aws_ec2_client_vpn_network_association", {}, 73.00),
    "traffic mirror": ("aws_ec2_traffic_mirror_session", {}, 10.95),
    "Direct Connect": ("aws_dx_connection", {"bandwidth": "1Gbps"}, 219.00),
    "network firewall": ("aws_networkfirewall_firewall", {"subnet_mapping": [{"subnet_id": "subnet-a"}]}, 288.35),
    "resolver": ("aws_route53_resolver_endpoint", {"ip_address": [{"subnet_id": "a"}, {"subnet_id": "b"}]}, 182.50),
    "accelerator": ("aws_globalaccelerator_accelerator", {}, 18.25),
    "zone": ("aws_route53_zone", {}, 0.50),
    "health check": ("aws_route53_health_check", {"type": "HTTP"}, 0.50),
    "health check with all features": (
        "aws_route53_health_check",
        {"type": "HTTPS_STR_MATCH", "measure_latency": True, "request_interval": 10},
        4.50,
    ),
    "web ACL of one rule": (
        "aws_wafv2_web_acl",
        {"rule": [{"statement": [{"managed_rule_group_statement": [{}], "rule_group_reference_statement": [{}]}]}]},
        6.00,
    ),
    "web ACL": ("aws_waf_web_acl", {"rules": [{"type": "REGULAR"}, {"type": "RATE_BASED"}, {"type": "GROUP"}]}, 8.00),
    # eks_cluster_test, eks_node_group_test, eks_fargate_profile_test
    "Kubernetes": ("aws_eks_cluster", {}, 73.00),
    "old Kubernetes": ("aws_eks_cluster", {"version": "1.29"}, 438.00),
    "nodes": (
        "aws_eks_node_group",
        {"scaling_config": [{"desired_size": 3, "min_size": 1, "max_size": 3}]},
        91.10 + 6,
    ),
    "larger nodes": (
        "aws_eks_node_group",
        {"scaling_config": [{"desired_size": 1}], "instance_types": ["t2.medium"], "disk_size": 30},
        33.87 + 3,
    ),
    "nodes with Windows": (
        "aws_eks_node_group",
        {"scaling_config": [{"desired_size": 1}], "ami_type": "WINDOWS_CORE_2022_x86_64"},
        43.80 + 2,
    ),
    "Fargate profile": ("aws_eks_fargate_profile", {}, 32.79),
    # fsx_*_test, transfer_server_test, directory_service_directory_test, lightsail_instance_test and other services
    "FSx for Windows": (
        "aws_fsx_windows_file_system",
        {
            "storage_capacity": 300,
            "throughput_capacity": 1024,
            "deployment_type": "MULTI_AZ_1",
            "storage_type": "HDD",
        },
        4608 + 7.50,
    ),
    "FSx for OpenZFS": (
        "aws_fsx_openzfs_file_system",
        {
            "storage_capacity": 300,
            "throughput_capacity": 1024,
            "deployment_type": "SINGLE_AZ_1",
            "disk_iops_configuration": [{"mode": "USER_PROVISIONED", "iops": 1000}],
        },
        266.24 + 27.00 + 0.60,
    ),
    "SFTP": ("aws_transfer_server", {}, 219.00),
    "three protocols": ("aws_transfer_server", {"protocols": ["FTP", "FTPS", "SFTP"]}, 657.00),
    "Microsoft AD": ("aws_directory_service_directory", {"type": "MicrosoftAD", "edition": "Standard"}, 87.60),
    "Microsoft AD, enterprise": ("aws_directory_service_directory", {"type": "MicrosoftAD"}, 292.00),
    "Simple AD": ("aws_directory_service_directory", {"size": "Large"}, 219.00),
    "Lightsail": ("aws_lightsail_instance", {"bundle_id": "xlarge_2_0"}, 78.49),
    "Lightsail with Windows": ("aws_lightsail_instance", {"bundle_id": "small_win_2_0"}, 19.62),
    "API cache": ("aws_api_gateway_stage", {"cache_cluster_enabled": True, "cache_cluster_size": "0.5"}, 14.60),
    "large API cache": ("aws_api_gateway_stage", {"cache_cluster_enabled": True, "cache_cluster_size": 237}, 2774.00),
    "key": ("aws_kms_key", {}, 1.00),
    "secret": ("aws_secretsmanager_secret", {}, 0.40),
    "advanced parameter": ("aws_ssm_parameter", {"tier": "Advanced"}, 0.05),
    "dashboard": ("aws_cloudwatch_dashboard", {}, 3.00),
    "alarm": ("aws_cloudwatch_metric_alarm", {"period": 120}, 0.10),
    "quick alarm": ("aws_cloudwatch_metric_alarm", {"period": 10}, 0.30),
    "alarm of an expression": (
        "aws_cloudwatch_metric_alarm",
        {
            "metric_query": [
                {"expression": "m2/m1*100"},
                {"metric": [{"period": 120}]},
                {"metric": [{"period": 120}]},
            ]
        },
        0.20,
    ),
    "alarm of what is unusual": (
        "aws_cloudwatch_metric_alarm",
        {
            "comparison_operator": "GreaterThanUpperThreshold",
            "threshold_metric_id": "e1",
            "metric_query": [{"expression": "ANOMALY_DETECTION_BAND(m1)"}, {"metric": [{"period": 10}]}],
        },
        0.90,
    ),
    "private authority": ("aws_acmpca_certificate_authority", {}, 400.00),
    "private authority of short lives": (
        "aws_acmpca_certificate_authority",
        {"usage_mode": "SHORT_LIVED_CERTIFICATE"},
        50.00,
    ),
    "hardware security module": ("aws_cloudhsm_v2_hsm", {}, 1168.00),
    "dedicated host": ("aws_ec2_host", {"instance_type": "c5.large"}, 2457.18),
}

NEPTUNE_AND_FLINK_IN_LONDON: dict[str, tuple[str, dict[str, Any], float]] = {
    # neptune_cluster_instance_test, kinesisanalyticsv2_application_test
    "Neptune t3.medium": ("aws_neptune_cluster_instance", {"instance_class": "db.t3.medium"}, 81.76),
    "Neptune r4.large": ("aws_neptune_cluster_instance", {"instance_class": "db.r4.large"}, 297.84),
    "Neptune, I/O-optimised": (
        "aws_neptune_cluster_instance",
        {"instance_class": "db.t3.medium", "storage_type": "iopt1"},
        110.23,
    ),
    "Flink": ("aws_kinesisanalyticsv2_application", {"runtime_environment": "FLINK-1_18"}, 92.71),
    "SQL": ("aws_kinesisanalyticsv2_application", {"runtime_environment": "SQL-1_0"}, 0.0),
}

BY_USE: list[tuple[str, dict[str, Any], str, float]] = [
    ("aws_lambda_function", {"architectures": ["arm64"]}, "Duration", 0.0000133334),
    ("aws_lambda_function", {}, "Requests", 0.20),
    ("aws_nat_gateway", {}, "Data processed", 0.045),
    ("aws_s3_bucket", {}, "Storage", 0.023),
    ("aws_dynamodb_table", {"billing_mode": "PAY_PER_REQUEST"}, "Write request units", 0.625),
    ("aws_dynamodb_table", {"billing_mode": "PAY_PER_REQUEST"}, "Read request units", 0.125),
    ("aws_sqs_queue", {}, "Requests", 0.40),
    ("aws_sqs_queue", {"fifo_queue": True}, "Requests", 0.50),
    ("aws_sns_topic", {}, "Requests", 0.50),
    ("aws_apigatewayv2_api", {"protocol_type": "HTTP"}, "Requests", 1.00),
    ("aws_apigatewayv2_api", {"protocol_type": "WEBSOCKET"}, "Connected", 0.25),
    ("aws_api_gateway_rest_api", {}, "Requests", 3.50),
    ("aws_sfn_state_machine", {}, "Transitions", 0.025),
    ("aws_sfn_state_machine", {"type": "EXPRESS"}, "Duration", 0.060012),
    ("aws_cloudwatch_log_group", {}, "Data taken in", 0.50),
    ("aws_ecr_repository", {}, "Storage", 0.10),
    ("aws_efs_file_system", {}, "Storage", 0.30),
    ("aws_efs_file_system", {"availability_zone_name": "us-east-1a"}, "Storage", 0.16),
    ("aws_glue_job", {}, "Processing units", 0.44),
    ("aws_codebuild_project", {"environment": [{"compute_type": "BUILD_GENERAL1_MEDIUM"}]}, "Minutes", 0.01),
    ("aws_rds_cluster", {"engine": "aurora-mysql", "engine_mode": "serverless"}, "Aurora capacity units", 0.06),
    ("aws_rds_cluster_instance", {"instance_class": "db.serverless"}, "Aurora capacity units", 0.12),
    ("aws_db_instance", {"instance_class": "db.t3.micro", "backup_retention_period": 7}, "Backup beyond", 0.095),
    ("aws_route53_record", {}, "Queries", 0.40),
    ("aws_acm_certificate", {"certificate_authority_arn": "arn:aws:acm-pca:x"}, "Certificate", 0.75),
]

ELSEWHERE: list[tuple[str, dict[str, Any], str, float]] = [
    # elastic_beanstalk_environment_test, kinesis_firehose_delivery_stream_test, dynamodb_table_test
    ("aws_lb", {"load_balancer_type": "network"}, "eu-west-1", 18.40),
    ("aws_elb", {}, "eu-west-1", 20.44),
    ("aws_ebs_volume", {"size": 16}, "eu-west-1", 1.76),
    ("aws_instance", {"instance_type": "t3a.xlarge"}, "eu-west-1", 119.14 + 0.88),
    (
        "aws_db_instance",
        {"engine": "postgres", "instance_class": "db.m6g.xlarge", "multi_az": True, "allocated_storage": 100},
        "eu-west-1",
        513.92 + 25.30,
    ),
    (
        "aws_elastic_beanstalk_environment",
        {
            "setting": [
                {"namespace": "aws:ec2:instances", "name": "InstanceTypes", "value": "t3.large, t3.small"},
                {"namespace": "aws:autoscaling:asg", "name": "MinSize", "value": "2"},
                {"namespace": "aws:elasticbeanstalk:environment", "name": "LoadBalancerType", "value": "network"},
                {"namespace": "aws:rds:dbinstance", "name": "DBEngine", "value": "postgres"},
                {"namespace": "aws:rds:dbinstance", "name": "DBInstanceClass", "value": "db.m6g.xlarge"},
                {"namespace": "aws:rds:dbinstance", "name": "MultiAZDatabase", "value": "true"},
                {"namespace": "aws:elasticbeanstalk:cloudwatch:logs", "name": "StreamLogs", "value": "true"},
            ]
        },
        "eu-west-1",
        133.15 + 1.76 + 513.92 + 5.06 + 18.40,
    ),
    (
        "aws_elastic_beanstalk_environment",
        {
            "setting": [
                {"namespace": "aws:autoscaling:launchconfiguration", "name": "InstanceType", "value": "t3.small"},
                {"namespace": "aws:elasticbeanstalk:environment", "name": "LoadBalancerType", "value": "network"},
            ]
        },
        "eu-west-1",
        16.64 + 0.88 + 18.40,
    ),
    (
        "aws_kinesis_firehose_delivery_stream",
        {"elasticsearch_configuration": [{"vpc_config": [{"subnet_ids": ["subnet-a", "subnet-b"]}]}]},
        "eu-west-2",
        16.06,
    ),
    ("aws_dynamodb_table", {"write_capacity": 20}, "us-west-1", 10.59),
]

FREE = [
    ("aws_acm_certificate", {"domain_name": "example.org"}),
    ("aws_api_gateway_stage", {}),
    ("aws_ecs_service", {"launch_type": "EC2", "desired_count": 3}),
    ("aws_ecs_service", {"launch_type": "FARGATE", "desired_count": 0}),
    ("aws_eip", {"public_ipv4_pool": "ipv4pool-ec2-012345"}),
    ("aws_launch_template", {"instance_type": "m5.large"}),
    ("aws_route53_record", {"alias": [{"name": "x"}]}),
    ("aws_ssm_parameter", {"type": "String"}),
    ("aws_subnet", {}),
    ("aws_vpc_endpoint", {"vpc_endpoint_type": "Gateway"}),
    ("aws_vpc_endpoint", {}),
]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_bill_is_the_published_one_within_two_per_cent(name):
    kind, attributes, published = PUBLISHED[name]

    assert monthly(bill(kind, attributes)) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize("name", NEPTUNE_AND_FLINK_IN_LONDON)
def test_a_bill_of_another_region_is_the_published_one(name):
    kind, attributes, published = NEPTUNE_AND_FLINK_IN_LONDON[name]

    assert monthly(bill(kind, attributes, region="eu-west-2")) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize(("kind", "attributes", "region", "published"), ELSEWHERE)
def test_a_region_has_prices_of_its_own(kind, attributes, region, published):
    assert monthly(bill(kind, attributes, region=region)) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize(("kind", "attributes", "name", "price"), BY_USE)
def test_what_is_billed_by_use_has_the_published_rate(kind, attributes, name, price):
    found = [each for each in bill(kind, attributes) if each.name.startswith(name)]

    assert [(each.by_use, each.price) for each in found] == [(True, pytest.approx(price, rel=0.02))]


@pytest.mark.parametrize(("kind", "attributes"), FREE)
def test_what_is_free_has_no_component(kind, attributes):
    assert bill(kind, attributes) == ()


def test_every_node_of_a_search_domain_has_a_disk():
    """Infracost counts one disk for all nodes; AWS makes and bills one for each."""
    disk = {"ebs_enabled": True, "volume_size": 400, "volume_type": "gp2"}
    nodes = {"instance_type": "m5.large.search", "instance_count": 3}
    components = bill("aws_opensearch_domain", {"cluster_config": [nodes], "ebs_options": [disk]})

    assert [each.monthly for each in components if each.name == "Storage"] == [pytest.approx(3 * 54.00)]


def test_little_use_never_costs_more_than_much():
    for kind in KINDS:
        for each in bill(kind, {"instance_type": "t3.small", "instance_class": "db.t3.large"}):
            assert not each.usage or each.usage.low <= each.usage.medium <= each.usage.high, kind


def test_every_kind_is_one_that_costs_money_or_is_known_to_be_free():
    unheard = {kind for kind in KINDS if not open_book().kind(kind)}

    # The source of the book's list has none of these; they are in the provider's documentation.
    assert unheard == {"aws_wafregional_web_acl", "aws_lightsail_disk", "aws_lightsail_lb"}


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("aws_instance", {}),
        ("aws_instance", {"instance_type": "m99.colossal"}),
        ("aws_db_instance", {"engine": "db2-ae", "instance_class": "db.t3.large"}),
        ("aws_db_instance", {"engine": "sqlserver-ee", "instance_class": "db.r6i.large"}),
        ("aws_elasticache_cluster", {"node_type": "cache.z1.large"}),
        ("aws_ebs_volume", {"type": "gp9", "size": 10}),
        ("aws_opensearch_domain", {"cluster_config": [{"instance_type": "ocu"}]}),
        ("aws_ecs_service", {"launch_type": "FARGATE", "desired_count": 2}),
        ("aws_ec2_host", {"instance_family": "u-24tb1"}),
        ("aws_lightsail_instance", {"bundle_id": "enormous_9_0"}),
    ],
)
def test_what_nobody_knows_the_price_of_is_unknown_and_not_free(kind, attributes):
    assert any(each.price is None and not each.by_use for each in bill(kind, attributes))
