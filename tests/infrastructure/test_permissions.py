"""What every role may do: exactly what its code asks of AWS."""

import fnmatch
import json
from dataclasses import dataclass, replace

import pytest

from chatops.adapters.artefacts import S3Artefacts
from chatops.adapters.audit_log import DynamoAuditLog
from chatops.adapters.blob_table import DynamoBlobTable
from chatops.adapters.builds import CodeBuildBuilds
from chatops.adapters.connections import DynamoConnections
from chatops.adapters.deployment_store import DynamoDeploymentStore
from chatops.adapters.functions import AsyncFunction
from chatops.adapters.guild_aws import StsGuildAws
from chatops.adapters.guild_register import DynamoGuildRegister
from chatops.adapters.guild_settings import DynamoGuildSettings
from chatops.adapters.interaction_store import DynamoInteractionStore
from chatops.adapters.line_store import DynamoLines
from chatops.adapters.run_role import StsRunRole, session_policy
from chatops.adapters.run_store import DynamoRunStore
from chatops.adapters.secrets import SecretsManager
from chatops.adapters.timing_store import DynamoTimings
from chatops.adapters.workflow import StepFunctionsWorkflow
from chatops.domain.runs import Phase, Run
from chatops.runs.bundle import FINAL_FILES, Beforehand, downloads, uploads
from tests.infrastructure.operations import operations
from tests.infrastructure.template import ROOT, as_list, functions, resource, resources, role_statements, written

Grant = tuple[str, str]


@dataclass(frozen=True)
class Use:
    """The methods of an adapter that a function calls, and on what."""

    adapter: type
    methods: str
    target: str

    def grants(self) -> set[Grant]:
        return {
            (each.action, f"{self.target}/index/{each.index}" if each.index else self.target)
            for method in self.methods.split()
            for each in operations(self.adapter, method)
        }


def arn(service: str, name: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{name}"


BLOBS, DEPLOYMENTS = "${RecoveryBlobsTable.Arn}", "${DeploymentsTable.Arn}"
RUNS, INTERACTIONS, GUILDS = "${RunsTable.Arn}", "${InteractionsTable.Arn}", "${GuildsTable.Arn}"
AUDIT = "${AuditTable.Arn}"
RUN_FILES, PROJECT, MACHINE = "${RunsBucket.Arn}/runs/*/", "${RunProject.Arn}", "${RunStateMachine}"
EXECUTIONS = arn("states", "execution:${RunStateMachine.Name}:*")
GEMINI_KEY = Use(SecretsManager, "get", arn("secretsmanager", "secret:${GeminiKeySecretName}-*"))
BOT_TOKEN = Use(SecretsManager, "get", arn("secretsmanager", "secret:${BotTokenSecretName}-*"))

# Keys are not here: who may use them is written in the keys' own policies (test_keys.py).
USES = {
    "Interactions": [
        Use(AsyncFunction, "__call__", "${CommandsFunction.Arn}"),
        Use(DynamoDeploymentStore, "of_guild", DEPLOYMENTS),
        Use(DynamoBlobTable, "names_of", BLOBS),
        Use(DynamoInteractionStore, "hold", INTERACTIONS),
    ],
    "Commands": [
        Use(DynamoInteractionStore, "claim done hold held take forget_held_of", INTERACTIONS),
        Use(DynamoBlobTable, "put get of_user set_status count_attempt return_attempt forget_attempts delete", BLOBS),
        Use(DynamoBlobTable, "of_guild all_of_user", BLOBS),  # /cloud-forget-guild, /cloud-forget-me
        Use(DynamoRunStore, "active", RUNS),  # /cloud-forget-me, /cloud-forget-guild
        Use(DynamoAuditLog, "add of_guild", AUDIT),
        Use(DynamoTimings, "forget", GUILDS),
        Use(DynamoDeploymentStore, "get of_guild acquire release", DEPLOYMENTS),
        Use(
            DynamoRunStore,
            "create get of_session last_of_deployment decide request_cancel finish mark_reported keep_message "
            "keep_token progress",
            RUNS,
        ),
        Use(S3Artefacts, "put delete", RUN_FILES + "credentials.sealed"),
        Use(S3Artefacts, "get", RUN_FILES + "index.json.gz"),  # a run's progress in /cloud-status
        Use(S3Artefacts, "get", RUN_FILES + "log-*.gz"),
        Use(S3Artefacts, "get", RUN_FILES + "story.json.gz"),
        Use(DynamoGuildSettings, "of limits change forget", GUILDS),
        Use(DynamoLines, "get put forget", GUILDS),
        Use(DynamoConnections, "of get put trust delete external_id forget", GUILDS),
        Use(StsGuildAws, "account_of check_role", "${GuildAccessRole.Arn}"),  # /cloud-connect
        Use(AsyncFunction, "__call__", "${AdviseFunction.Arn}"),  # /cloud-advise
        Use(StepFunctionsWorkflow, "start", MACHINE),
        Use(StepFunctionsWorkflow, "status stop", EXECUTIONS),  # /cloud-unlock
        Use(CodeBuildBuilds, "status", PROJECT),  # /cloud-unlock
        Use(AsyncFunction, "__call__", "${ReportRunFunction.Arn}"),
        Use(StepFunctionsWorkflow, "decide", "*"),
        BOT_TOKEN,
    ],
    "StartPhase": [Use(DynamoRunStore, "get begin_phase", RUNS)],
    "HandOver": [
        Use(DynamoRunStore, "get of_deployment claim heartbeat request_cancel", RUNS),
        Use(DynamoInteractionStore, "link_build", INTERACTIONS),
        Use(DynamoAuditLog, "add", AUDIT),
        Use(S3Artefacts, "get", RUN_FILES + "credentials.sealed"),
        Use(S3Artefacts, "get", RUN_FILES + "terraform.lock.hcl"),
        Use(S3Artefacts, "get", "${StateBucket.Arn}/*.tflock"),  # who left a lock behind
        Use(S3Artefacts, "exists", "${StateBucket.Arn}"),
        Use(S3Artefacts, "exists", "${RunsBucket.Arn}"),
        Use(StsRunRole, "assume addresses", "${RunStateRole.Arn}"),
        Use(StsGuildAws, "lend", "${GuildAccessRole.Arn}"),
    ],
    "TrackProgress": [
        Use(DynamoRunStore, "get add_progress progress lease_edit extend_edit release_edit", RUNS),
        Use(DynamoInteractionStore, "run_of_build", INTERACTIONS),
        Use(DynamoTimings, "of", GUILDS),
        Use(S3Artefacts, "get", RUN_FILES + "index.json.gz"),
        BOT_TOKEN,
    ],
    "Advise": [
        Use(DynamoRunStore, "get record_plan", RUNS),
        Use(S3Artefacts, "get", RUN_FILES + "plan.tfplan"),
        Use(S3Artefacts, "get", RUN_FILES + "plan.json"),
        Use(S3Artefacts, "put", RUN_FILES + "index.json.gz"),
        Use(S3Artefacts, "put", RUN_FILES + "story.json.gz"),
        Use(DynamoGuildSettings, "of", GUILDS),
        Use(DynamoDeploymentStore, "of_guild", DEPLOYMENTS),
        GEMINI_KEY,
    ],
    "RequestApproval": [
        Use(DynamoRunStore, "get await_approval lease_edit release_edit", RUNS),
        Use(StepFunctionsWorkflow, "decide", "*"),  # a run that was cancelled meanwhile
        BOT_TOKEN,
    ],
    "ReportRun": [
        Use(DynamoRunStore, "get request_cancel finish mark_reported progress add_progress lease_edit", RUNS),
        Use(DynamoRunStore, "take_turn extend_edit", RUNS),
        Use(DynamoDeploymentStore, "get acquire record release forget", DEPLOYMENTS),
        Use(DynamoLines, "get put", GUILDS),
        Use(DynamoGuildSettings, "limits", GUILDS),
        Use(DynamoConnections, "get", GUILDS),
        Use(DynamoAuditLog, "add", AUDIT),
        Use(StepFunctionsWorkflow, "start", arn("states", "stateMachine:${AWS::StackName}-runs")),  # whoever is next
        Use(DynamoTimings, "add", GUILDS),
        Use(S3Artefacts, "get", RUN_FILES + "result-*.json"),
        Use(S3Artefacts, "get", RUN_FILES + "outputs.json"),
        Use(S3Artefacts, "get", RUN_FILES + "index.json.gz"),
        Use(S3Artefacts, "get", RUN_FILES + "log-*.gz"),
        Use(S3Artefacts, "exists", "${RunsBucket.Arn}"),
        Use(S3Artefacts, "delete", RUN_FILES + "credentials.sealed"),
        Use(CodeBuildBuilds, "status stop", PROJECT),
        BOT_TOKEN,
    ],
    "ForgetGuilds": [
        Use(DynamoGuildRegister, "known shut_since note_shut note_open", GUILDS),
        Use(DynamoConnections, "of forget", GUILDS),
        Use(DynamoGuildSettings, "forget", GUILDS),
        Use(DynamoTimings, "forget", GUILDS),
        Use(DynamoLines, "get forget", GUILDS),
        Use(DynamoBlobTable, "of_guild delete", BLOBS),
        Use(DynamoInteractionStore, "forget_held_of", INTERACTIONS),
        Use(DynamoRunStore, "active get request_cancel", RUNS),
        Use(S3Artefacts, "delete", RUN_FILES + "credentials.sealed"),
        Use(DynamoAuditLog, "add", AUDIT),
        Use(AsyncFunction, "__call__", "${ReportRunFunction.Arn}"),
        BOT_TOKEN,
    ],
    "Sweep": [
        Use(DynamoRunStore, "active get request_cancel edit_times", RUNS),
        Use(DynamoBlobTable, "expired delete", BLOBS),
        Use(DynamoInteractionStore, "forget_expired", INTERACTIONS),
        Use(CodeBuildBuilds, "status", PROJECT),
        Use(StepFunctionsWorkflow, "status stop", EXECUTIONS),
        Use(AsyncFunction, "__call__", "${ReportRunFunction.Arn}"),
        Use(AsyncFunction, "__call__", "${TrackProgressFunction.Arn}"),
    ],
}
TRACE = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}

# Every star in a role, and why nothing narrower can be said.
STARS = {
    "xray:PutTraceSegments": "X-Ray knows no resources",
    "xray:PutTelemetryRecords": "X-Ray knows no resources",
    "xray:GetSamplingRules": "X-Ray knows no resources here",
    "xray:GetSamplingTargets": "X-Ray knows no resources here",
    "states:SendTaskSuccess": "the request names no resource: the unguessable task token is the authority",
    "logs:CreateLogDelivery": "log delivery knows no resources",
    "logs:GetLogDelivery": "log delivery knows no resources",
    "logs:UpdateLogDelivery": "log delivery knows no resources",
    "logs:DeleteLogDelivery": "log delivery knows no resources",
    "logs:ListLogDeliveries": "log delivery knows no resources",
    "logs:PutResourcePolicy": "log delivery knows no resources",
    "logs:DescribeResourcePolicies": "log delivery knows no resources",
    "logs:DescribeLogGroups": "log delivery knows no resources",
}

OTHER_ROLES = {"GuildAccessRole", "RunStateRole", "RunProjectRole", "RunStateMachineRole"}
ROLES = sorted(resources("AWS::IAM::Role"))
each_role = pytest.mark.parametrize("role", ROLES)


def grants(role: str) -> set[Grant]:
    return {
        (action, target)
        for statement in role_statements(role)
        for action in statement["Action"]
        for target in statement["Resource"]
    }


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_function_may_do_what_its_code_does_and_nothing_else(name: str) -> None:
    expected = {grant for use in USES[name] for grant in use.grants()} | TRACE
    expected |= {(f"logs:{action}", f"${{{name}Logs.Arn}}") for action in ("CreateLogStream", "PutLogEvents")}
    if queue := functions()[name].get("DeadLetterConfig"):
        expected.add(("sqs:SendMessage", queue["TargetArn"]))

    assert grants(f"{name}Role") == expected


@each_role
def test_a_star_stands_only_where_nothing_narrower_can_be_said(role: str) -> None:
    assert {action for action, target in grants(role) if target == "*"} <= STARS.keys()


def test_every_star_that_is_allowed_is_in_use() -> None:
    assert {action for role in ROLES for action, target in grants(role) if target == "*"} == STARS.keys()


@each_role
def test_nobody_changes_or_deletes_what_is_written_down_of_who_did_what(role: str) -> None:
    allowed = {action for action, target in grants(role) if "AuditTable" in target}

    assert allowed <= {"dynamodb:PutItem", "dynamodb:Query"}
    assert "dynamodb:Query" not in allowed or role == "CommandsRole"


@each_role
def test_no_role_names_actions_by_a_wildcard_or_passes_roles(role: str) -> None:
    actions = {action for action, _ in grants(role)}

    assert [action for action in actions if "*" in action or "?" in action] == []
    assert [action for action in actions if action.startswith("iam:")] == []


@each_role
def test_a_role_is_only_allowed_and_never_by_exception(role: str) -> None:
    for statement in role_statements(role):
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & statement.keys()
        assert statement["Sid"], "a statement says what it is for"


@each_role
def test_a_role_is_trusted_to_who_works_with_it_and_to_nobody_in_another_account(role: str) -> None:
    (trust,) = resource(role)["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Action"] == "sts:AssumeRole"
    assert trust["Principal"] in (
        {"Service": "lambda.amazonaws.com"},
        {"Service": "states.amazonaws.com"},
        {"Service": "codebuild.amazonaws.com"},
        {"AWS": "${HandOverRole.Arn}"},
        {"AWS": ["${CommandsRole.Arn}", "${HandOverRole.Arn}"]},
    )
    if trust["Principal"].get("Service") in ("states.amazonaws.com", "codebuild.amazonaws.com"):
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}


def test_who_becomes_the_role_that_guilds_trust_is_who_asks_for_their_roles() -> None:
    (trust,) = resource("GuildAccessRole")["AssumeRolePolicyDocument"]["Statement"]
    asking = {name for name, uses in USES.items() if any(use.adapter is StsGuildAws for use in uses)}

    assert set(trust["Principal"]["AWS"]) == {f"${{{name}Role.Arn}}" for name in asking}


def test_the_role_that_guilds_trust_may_ask_for_roles_by_their_name_and_do_nothing_else() -> None:
    assert grants("GuildAccessRole") == {("sts:AssumeRole", "arn:${AWS::Partition}:iam::*:role/chatops-guild-*")}


def test_no_role_of_ours_has_a_name_that_could_be_asked_for() -> None:
    """CloudFormation names them after the stack, which would have to be called so."""
    assert [role for role in ROLES if "RoleName" in resource(role)] == []


def test_a_build_may_write_its_own_log_and_nothing_else() -> None:
    assert grants("RunProjectRole") == {
        ("logs:CreateLogStream", "${RunProjectLogs.Arn}"),
        ("logs:PutLogEvents", "${RunProjectLogs.Arn}"),
    }
    assert "ManagedPolicyArns" not in resource("RunProjectRole")


def test_the_state_machine_may_call_its_functions_and_run_its_builds_and_nothing_else() -> None:
    definition = (ROOT / "statemachine/run.asl.json").read_text()
    substitutions = resource("RunStateMachine")["DefinitionSubstitutions"]
    called = {
        value
        for name, value in substitutions.items()
        if f"${{{name}}}" in definition and value.endswith("Function.Arn}")
    }
    rule = arn("events", "rule/StepFunctionsGetEventForCodeBuildStartBuildRule")
    sampling = {("xray:GetSamplingRules", "*"), ("xray:GetSamplingTargets", "*")}

    assert grants("RunStateMachineRole") == (
        {("lambda:InvokeFunction", function) for function in called}
        | {(f"codebuild:{action}", PROJECT) for action in ("StartBuild", "BatchGetBuilds")}
        | {(f"events:{action}", rule) for action in ("PutTargets", "PutRule", "DescribeRule")}
        | {(action, "*") for action in STARS if action.startswith("logs:")}
        | TRACE
        | sampling
    )


def test_a_lent_session_asks_for_nothing_that_its_role_does_not_have() -> None:
    owned = grants("RunStateRole")

    for action, target in _lent(Phase.PLAN) | _lent(Phase.APPLY):
        assert any(action == known and fnmatch.fnmatchcase(target, pattern) for known, pattern in owned), (
            action,
            target,
        )


def test_a_role_has_nothing_that_no_lent_session_asks_for() -> None:
    lent = _lent(Phase.PLAN) | _lent(Phase.APPLY)

    for action, pattern in grants("RunStateRole"):
        assert any(action == asked and fnmatch.fnmatchcase(target, pattern) for asked, target in lent), (
            action,
            pattern,
        )


def test_what_a_build_is_lent_reaches_no_other_deployment_and_no_sealed_credentials() -> None:
    targets = {target for _, target in _lent(Phase.PLAN) | _lent(Phase.APPLY)}

    assert all("*" not in target for target in targets)
    assert not [target for target in targets if "credentials.sealed" in target]


@pytest.mark.parametrize("phase", [Phase.PLAN, Phase.APPLY])
def test_a_session_policy_is_short_enough_for_sts_whatever_the_names(phase: Phase) -> None:
    run = replace(_RUN, guild_id="1" * 20, deployment="d" * 31, unsaved_run_id="b" * 16)
    files = _files(run, phase)
    key = "arn:aws-us-gov:kms:us-gov-west-1:111111111111:key/00000000-0000-0000-0000-000000000000"

    policy = session_policy("s" * 63, run.state_key, "r" * 63, *files, key)

    assert len(json.dumps(policy, separators=(",", ":"))) <= 2048


def test_a_lent_session_lasts_no_longer_than_role_chaining_allows() -> None:
    assert resource("RunStateRole")["MaxSessionDuration"] == 3600


_RUN = Run("0123456789abcdef", "1" * 18, "shop", "aws/web-app", False, "2" * 18, 0, "3" * 18, 1)


def _files(run: Run, phase: Phase) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a build may read and write, where an earlier run's state is kept."""
    read = downloads(run, phase, Beforehand(errored_state_at="s3://runs/kept"))
    return tuple(read.values()), tuple(uploads(run, phase).values())


def _lent(phase: Phase) -> set[Grant]:
    run = replace(_RUN, unsaved_run_id="fedcba9876543210")
    files = _files(run, phase)
    key = "arn:aws:kms:eu-central-1:111111111111:key/0"
    policy = session_policy("state", "g/d/terraform.tfstate", "runs", *files, key)
    text = json.dumps(policy).replace("arn:aws:s3:::state", "${StateBucket.Arn}").replace(key, "${DataKey.Arn}")
    document = json.loads(text.replace("arn:aws:s3:::runs", "${RunsBucket.Arn}"))
    return {
        (action, target)
        for each in document["Statement"]
        for action in as_list(each["Action"])
        for target in as_list(each["Resource"])
    }


def test_a_function_lists_no_bucket_it_only_looks_whether_one_object_is_there() -> None:
    looked_for = {
        (role, target, condition["s3:prefix"])
        for role in ROLES
        for statement in role_statements(role)
        for target in statement["Resource"]
        if "s3:ListBucket" in statement["Action"] and role != "RunStateRole"
        for condition in [statement["Condition"]["StringLike"]]
    }

    unsaved = "runs/*/errored.tfstate"
    assert fnmatch.fnmatchcase(_RUN.artefact(FINAL_FILES["errored_state"]), unsaved)
    assert looked_for == {
        ("HandOverRole", "${StateBucket.Arn}", "*.tflock"),
        ("HandOverRole", "${RunsBucket.Arn}", unsaved),
        ("ReportRunRole", "${RunsBucket.Arn}", unsaved),
    }


def test_the_functions_in_the_table_are_the_functions_of_the_template() -> None:
    assert USES.keys() == functions().keys()
    assert {f"{name}Role" for name in USES} | OTHER_ROLES == set(ROLES)
    assert "Policies" not in str(written()["Globals"])
