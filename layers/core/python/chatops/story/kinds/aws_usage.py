"""Services whose bill has the same lines whatever their attributes are: each a line of a table.

The three quantities are a month's: a hobby's, a small company's, a busy service's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import HOURS
from chatops.story.kinds.aws_bill import Always, Use, billed
from chatops.story.kinds.basics import free

if TYPE_CHECKING:
    from chatops.story.kinds import Kind

_EVALUATIONS = billed(Use("Rule evaluations", "config.evaluation", 0.1, 5, 100))
_STACKS = billed(Use("Operations of other vendors' types", "cloudformation.operation", 0, 1, 10))

KINDS: dict[str, Kind] = {
    "aws_amplify_app": billed(
        Use("Build minutes", "amplify.minutes", 10, 500, 5000), Use("Data served", "amplify.served", 1, 15, 500)
    ),
    "aws_appautoscaling_target": free,
    "aws_appsync_graphql_api": billed(Use("Requests", "appsync.requests", 0.1, 1, 100)),
    "aws_athena_workgroup": billed(Use("Data scanned", "athena.scanned", 0.01, 1, 50)),
    "aws_cloudformation_stack": _STACKS,
    "aws_cloudformation_stack_set": _STACKS,
    "aws_cloudhsm_v2_hsm": billed(Always("Hardware security module", "cloudhsm.hour")),
    "aws_cloudwatch_dashboard": billed(Always("Dashboard", "cloudwatch.dashboard", 1)),
    "aws_cloudwatch_event_bus": billed(
        Use("Custom events", "events.custom", 0.1, 1, 100), Use("Archive", "events.archive", 0, 10, 500)
    ),
    "aws_cloudwatch_event_rule": free,
    "aws_cloudwatch_event_target": free,
    "aws_cloudwatch_log_group": billed(
        Use("Data taken in", "cloudwatch.logs_ingest", 0.5, 10, 500),
        Use("Archive", "cloudwatch.logs_archive", 0.5, 30, 2000),
        Use("Data searched", "cloudwatch.logs_insights", 0, 50, 2000),
    ),
    "aws_codepipeline": billed(Use("Active pipeline", "codepipeline.pipeline", 0, 1, 1)),
    "aws_cognito_user_pool": billed(Use("Active users", "cognito.user", 0, 1000, 50_000)),
    "aws_config_config_rule": _EVALUATIONS,
    "aws_config_configuration_recorder": billed(Use("Items recorded", "config.item", 0.1, 1, 20)),
    "aws_config_organization_custom_rule": _EVALUATIONS,
    "aws_config_organization_managed_rule": _EVALUATIONS,
    "aws_fms_policy": billed(Always("Policy", "fms.policy", 1)),
    "aws_glue_catalog_database": billed(
        Use("Objects kept", "glue.objects", 0, 1, 10), Use("Requests", "glue.requests", 0, 1, 100)
    ),
    "aws_glue_crawler": billed(Use("Processing units", "glue.dpu", 1, 10, 100)),
    "aws_grafana_workspace": billed(Use("Active editors", "grafana.user", 1, 5, 50)),
    "aws_guardduty_detector": billed(Use("Events analysed", "guardduty.events", 0.5, 5, 100)),
    "aws_macie2_account": billed(Use("Buckets watched", "macie.bucket", 1, 20, 200)),
    "aws_pipes_pipe": billed(Use("Requests", "pipes.requests", 0.1, 1, 100)),
    "aws_prometheus_workspace": billed(Use("Samples taken in", "prometheus.samples", 10, 500, 10_000)),
    "aws_scheduler_schedule": billed(Use("Calls", "scheduler.calls", 0, 0.01, 1)),
    "aws_secretsmanager_secret": billed(
        Always("Secret", "secretsmanager.secret", 1), Use("Requests", "secretsmanager.requests", 0.1, 1, 100)
    ),
    "aws_securityhub_account": billed(Use("Checks", "securityhub.checks", 1, 20, 500)),
    "aws_sns_topic": billed(Use("Requests", "sns.publish", 0.1, 1, 100)),
    "aws_sns_topic_subscription": billed(Use("Messages by HTTP", "sns.http", 0, 1, 100)),
    "aws_ssm_activation": billed(Use("Machines managed", "ssm.instance", HOURS, 10 * HOURS, 100 * HOURS)),
    "aws_xray_group": billed(Use("Traces", "xray.traces", 0.1, 1, 100)),
}
