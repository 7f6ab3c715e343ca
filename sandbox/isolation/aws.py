"""Calls of AWS's API that a build has no business with, as data: the same list is tried with every identity."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from sandbox.isolation.attempts import CONTROL, Attempt
from sandbox.isolation.targets import Targets

FORGED = b'{"version": 4, "serial": 99, "lineage": "forged", "outputs": {}, "resources": []}'
_FILES = (
    "plan.tfplan", "plan.json", "credentials.sealed", "index.json.gz", "story.json.gz",
    "log-plan.gz", "log-apply.gz", "outputs.json", "result-plan.json", "result-apply.json", "errored.tfstate",
)  # fmt: skip
_FUNCTIONS = (
    "Interactions", "Commands", "StartPhase", "HandOver", "TrackProgress", "Advise", "RequestApproval", "ReportRun",
    "Sweep",
)  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """Credentials to try with."""

    name: str
    access_key_id: str
    secret_access_key: str
    session_token: str

    def client(self, targets: Targets, service: str) -> Any:
        """A client that asks once: a refusal is an answer."""
        make: Callable[..., Any] = boto3.client
        return make(
            service,
            endpoint_url=targets.aws,
            region_name=targets.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=20, s3={"addressing_style": "path"}),
        )


@dataclass(frozen=True)
class Call:
    """One operation of one service."""

    target: str
    name: str
    service: str
    operation: str
    parameters: Mapping[str, Any]


def attempts(targets: Targets, identity: Identity, calls: Iterator[Call]) -> Iterator[Attempt]:
    """The calls as attempts with an identity."""
    clients: dict[str, Any] = {}
    for call in calls:
        client = clients.setdefault(call.service, identity.client(targets, call.service))
        operation = getattr(client, call.operation)
        yield Attempt(call.target, call.name, identity.name, partial(operation, **call.parameters))


def all_calls(t: Targets) -> Iterator[Call]:
    """Everything that nobody in a build may do, with whatever credentials a build has."""
    for calls in (_states, _run_files, _buckets, _tables, _secrets, _keys, _roles, _runs_of_others, _functions, _logs):
        yield from calls(t)


def _states(t: Targets) -> Iterator[Call]:
    bucket, victim = t.state_bucket, t.other.state_key
    s3 = partial(Call, "B's state", service="s3")
    yield s3("read it", operation="get_object", parameters={"Bucket": bucket, "Key": victim})
    yield s3("ask for its size", operation="head_object", parameters={"Bucket": bucket, "Key": victim})
    first = {"Bucket": bucket, "Key": victim, "VersionId": "null"}
    yield s3("read an old version", operation="get_object", parameters=first)
    yield s3("read its lock", operation="get_object", parameters={"Bucket": bucket, "Key": f"{victim}.tflock"})
    copy = {"Bucket": bucket, "Key": t.own.state_key, "CopySource": {"Bucket": bucket, "Key": victim}}
    yield s3("copy it over the own one", operation="copy_object", parameters=copy)
    yield s3("overwrite it", operation="put_object", parameters={"Bucket": bucket, "Key": victim, "Body": FORGED})
    lock = {"Bucket": bucket, "Key": f"{victim}.tflock", "Body": b"{}"}
    yield s3("lock it", operation="put_object", parameters=lock)
    yield s3("delete it", operation="delete_object", parameters={"Bucket": bucket, "Key": victim})
    unlock = {"Bucket": bucket, "Key": f"{victim}.tflock"}
    yield s3("remove its lock", operation="delete_object", parameters=unlock)
    many = {"Bucket": bucket, "Delete": {"Objects": [{"Key": victim}]}}
    yield s3("delete it among others", operation="delete_objects", parameters=many)
    begin = {"Bucket": bucket, "Key": victim}
    yield s3("begin an upload in parts", operation="create_multipart_upload", parameters=begin)
    own = partial(Call, "A's other deployment", service="s3")
    mine = {"Bucket": bucket, "Key": t.second.state_key}
    yield own("read its state", operation="get_object", parameters=mine)
    yield own("overwrite its state", operation="put_object", parameters={**mine, "Body": FORGED})


def _run_files(t: Targets) -> Iterator[Call]:
    bucket = t.runs_bucket
    for name in _FILES:
        where = {"Bucket": bucket, "Key": t.other.file(name)}
        yield Call("B's run files", f"read {name}", "s3", "get_object", where)
    for name in ("plan.tfplan", "result-apply.json", "log-apply.gz", "outputs.json", "errored.tfstate"):
        forged = {"Bucket": bucket, "Key": t.other.file(name), "Body": b"forged"}
        yield Call("B's run files", f"overwrite {name}", "s3", "put_object", forged)
    sealed = {"Bucket": bucket, "Key": t.other.file("credentials.sealed")}
    yield Call("B's run files", "delete credentials.sealed", "s3", "delete_object", sealed)
    for name in ("plan.tfplan", "result-plan.json", "result-apply.json"):
        forged = {"Bucket": bucket, "Key": t.second.file(name), "Body": b"forged"}
        yield Call("another run of A", f"overwrite {name}", "s3", "put_object", forged)
    own = {"Bucket": bucket, "Key": t.own.file("credentials.sealed")}
    yield Call("another run of A", "read the own sealed credentials", "s3", "get_object", own)


def _buckets(t: Targets) -> Iterator[Call]:
    for bucket, prefix in ((t.state_bucket, f"{t.other.guild_id}/"), (t.runs_bucket, f"runs/{t.other.guild_id}/")):
        s3 = partial(Call, "the buckets", service="s3")
        what = "states" if bucket == t.state_bucket else "run files"
        list_all = partial(s3, operation="list_objects_v2")
        yield list_all(f"list all {what}", parameters={"Bucket": bucket})
        yield list_all(f"list {what} by guild", parameters={"Bucket": bucket, "Delimiter": "/"})
        yield list_all(f"list B's {what}", parameters={"Bucket": bucket, "Prefix": prefix})
        versions = {"Bucket": bucket, "Prefix": prefix}
        yield s3(f"list versions of {what}", operation="list_object_versions", parameters=versions)
        yield s3(f"list uploads of {what}", operation="list_multipart_uploads", parameters={"Bucket": bucket})
        yield s3(f"open the bucket of {what}", operation="put_bucket_policy", parameters={
            "Bucket": bucket,
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
            ]}),
        })  # fmt: skip
    off = {"Bucket": t.state_bucket, "VersioningConfiguration": {"Status": "Suspended"}}
    yield Call("the buckets", "keep no more versions", "s3", "put_bucket_versioning", off)
    yield Call("the buckets", "list all buckets", "s3", "list_buckets", {})


def _tables(t: Targets) -> Iterator[Call]:
    guild, run = {"S": t.other.guild_id}, {"S": t.other.run_id}
    keys: Mapping[str, tuple[str, dict[str, Any]]] = {
        "RecoveryBlobs": ("recovery blobs", {"session_id": {"S": "aaaaaaaa"}}),
        "Deployments": ("deployments", {"guild_id": guild, "name": {"S": t.other.deployment}}),
        "Runs": ("runs and progress", {"run_id": run}),
        "Interactions": ("interactions", {"id": {"S": f"build#{t.other.build_id.partition(':')[2]}"}}),
        "Guilds": ("settings and connections", {"guild_id": guild}),
        "Audit": ("audit", {"guild_id": guild, "entry": {"S": "0"}}),
    }
    for name, (what, key) in keys.items():
        yield from _rows(what, t.table(name), key)
    progress = {"TableName": t.table("Runs"), "Key": {"run_id": {"S": f"{t.other.run_id}#apply"}}}
    yield Call("B's runs and progress", "forge progress", "dynamodb", "update_item", {
        **progress,
        "UpdateExpression": "ADD done :n",
        "ExpressionAttributeValues": {":n": {"NS": ["1"]}},
    })  # fmt: skip


def _rows(what: str, table: str, key: Mapping[str, Any]) -> Iterator[Call]:
    first = next(iter(key))
    database = partial(Call, f"B's {what}", service="dynamodb")
    of = {"TableName": table, "Key": key}
    yield database("read", operation="get_item", parameters=of)
    yield database("query", operation="query", parameters={
        "TableName": table,
        "KeyConditionExpression": "#key = :value",
        "ExpressionAttributeNames": {"#key": first},
        "ExpressionAttributeValues": {":value": key[first]},
    })  # fmt: skip
    yield database("scan", operation="scan", parameters={"TableName": table})
    yield database("write", operation="put_item", parameters={"TableName": table, "Item": key})
    yield database("change", operation="update_item", parameters={
        **of,
        "UpdateExpression": "SET #s = :s",
        "ExpressionAttributeNames": {"#s": "status"},
        "ExpressionAttributeValues": {":s": {"S": "succeeded"}},
    })  # fmt: skip
    yield database("delete", operation="delete_item", parameters=of)
    yield database("read in a batch", operation="batch_get_item", parameters={
        "RequestItems": {table: {"Keys": [key]}}
    })  # fmt: skip
    statement = f'SELECT * FROM "{table}"'  # noqa: S608 - the attack is the point
    yield database("read by PartiQL", operation="execute_statement", parameters={"Statement": statement})
    write = [{"Put": {"TableName": table, "Item": key}}]
    yield database("write in a transaction", operation="transact_write_items", parameters={"TransactItems": write})
    yield database("copy the table", operation="create_backup", parameters={
        "TableName": table, "BackupName": "loot"
    })  # fmt: skip


def _secrets(t: Targets) -> Iterator[Call]:
    for what, name in t.secrets.items():
        yield Call("secrets", f"read the {what}", "secretsmanager", "get_secret_value", {"SecretId": name})
        change = {"SecretId": name, "SecretString": "forged"}
        yield Call("secrets", f"replace the {what}", "secretsmanager", "put_secret_value", change)
    yield Call("secrets", "list them", "secretsmanager", "list_secrets", {})
    yield Call("secrets", "read parameters", "ssm", "get_parameters_by_path", {"Path": "/"})


def _keys(t: Targets) -> Iterator[Call]:
    contexts: Mapping[str, dict[str, str]] = {
        "RunCredentialsKey": {"run": t.other.run_id},
        "GuildKey": {"provider": "aws"},
        "RecoveryKey": {"user": "1", "session": "aaaaaaaa", "exp": "1"},
    }
    for key, more in contexts.items():
        kms = partial(Call, f"keys: {key}", service="kms")
        context = {"app": "cloud-chatops", "v": "1", "guild": t.other.guild_id, **more}
        sealed = {"CiphertextBlob": base64.b64decode(t.sealed[key]), "EncryptionContext": context}
        yield kms("open what is sealed for B, in B's context", operation="decrypt", parameters=sealed)
        again = {"KeyId": t.resources[key], "KeySpec": "AES_256", "EncryptionContext": context}
        yield kms("make a key to seal with", operation="generate_data_key", parameters=again)
        grant = {"KeyId": t.resources[key], "GranteePrincipal": t.role("RunProjectRole"), "Operations": ["Decrypt"]}
        yield kms("grant it to builds", operation="create_grant", parameters=grant)
        policy = {"KeyId": t.resources[key], "PolicyName": "default", "Policy": "{}"}
        yield kms("write its policy", operation="put_key_policy", parameters=policy)
    sealed = {"CiphertextBlob": base64.b64decode(t.sealed["DataKey"])}
    yield Call("keys: DataKey", "decrypt without S3 in between", "kms", "decrypt", sealed)
    yield Call("keys: DataKey", "list all keys", "kms", "list_keys", {})


def _roles(t: Targets) -> Iterator[Call]:
    sts = partial(Call, "roles", service="sts", operation="assume_role")
    ours = ["RunStateRole", "GuildAccessRole", "RunProjectRole", *(f"{name}Role" for name in _FUNCTIONS)]
    for logical_id in ours:
        again = {"RoleArn": t.role(logical_id), "RoleSessionName": "attack"}
        yield sts(f"take {logical_id}", parameters=again)
    own = {"RoleArn": t.role("RunStateRole"), "RoleSessionName": f"run-{t.own.run_id}", "DurationSeconds": 3600}
    yield sts("take RunStateRole again as the own run, without a policy", parameters=own)
    guild = {"RoleArn": t.guild_role, "RoleSessionName": "attack"}
    yield sts("take B's own role", parameters=guild)
    yield sts("take B's own role with its external id", parameters={**guild, "ExternalId": t.external_id})
    yield Call("roles", "a token for somebody else", "sts", "get_federation_token", {"Name": "attack"})
    allow = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    role = {"RoleName": t.resources["RunStateRole"]}
    policy = {**role, "PolicyName": "all", "PolicyDocument": allow}
    yield Call("roles", "write a policy for RunStateRole", "iam", "put_role_policy", policy)
    yield Call("roles", "write its trust", "iam", "update_assume_role_policy", {**role, "PolicyDocument": allow})
    yield Call("roles", "make a user", "iam", "create_user", {"UserName": "attack"})
    yield Call("roles", "make an access key", "iam", "create_access_key", {"UserName": "cloud-chatops-guild"})
    yield Call("roles", "list roles", "iam", "list_roles", {})


def _runs_of_others(t: Targets) -> Iterator[Call]:
    build = partial(Call, "builds", service="codebuild")
    project = t.resources["RunProject"]
    variables = [{"name": "RUN_ID", "value": t.other.run_id}]
    start = {"projectName": project, "environmentVariablesOverride": variables, "buildspecOverride": "version: 0.2"}
    yield build("start one for B's run", operation="start_build", parameters=start)
    yield build("stop B's", operation="stop_build", parameters={"id": t.other.build_id})
    yield build("ask about B's", operation="batch_get_builds", parameters={"ids": [t.other.build_id]})
    yield build("list them", operation="list_builds", parameters={})
    yield build("change the project", operation="update_project", parameters={"name": project})
    states = partial(Call, "executions", service="stepfunctions")
    machine = t.resources["RunStateMachine"]
    given = {"stateMachineArn": machine, "name": "attack", "input": json.dumps({"run_id": t.other.run_id})}
    yield states("start one for B's run", operation="start_execution", parameters=given)
    yield states("stop B's", operation="stop_execution", parameters={"executionArn": t.other.execution})
    yield states("read B's history", operation="get_execution_history", parameters={"executionArn": t.other.execution})
    yield states("list them", operation="list_executions", parameters={"stateMachineArn": machine})
    approve = {"taskToken": "A" * 64, "output": json.dumps({"decision": "approve"})}
    yield states("approve by a guessed token", operation="send_task_success", parameters=approve)
    yield states("fail a task", operation="send_task_failure", parameters={"taskToken": "A" * 64})


def _functions(t: Targets) -> Iterator[Call]:
    for name in _FUNCTIONS:
        function = {"FunctionName": t.resources[f"{name}Function"]}
        payload = json.dumps({"run_id": t.other.run_id}).encode()
        yield Call("functions", f"invoke {name}", "lambda", "invoke", {**function, "Payload": payload})
    commands = {"FunctionName": t.resources["CommandsFunction"]}
    yield Call("functions", "read the settings of Commands", "lambda", "get_function_configuration", commands)
    yield Call("functions", "replace Commands", "lambda", "update_function_code", {**commands, "ZipFile": b"forged"})
    event = {"Source": "aws.codebuild", "DetailType": "CodeBuild Build Phase Change", "Detail": "{}"}
    yield Call("functions", "send an event", "events", "put_events", {"Entries": [event]})
    rule = {"Name": t.resources["SweepSchedule"]}
    yield Call("functions", "put the watchdog to sleep", "events", "disable_rule", rule)
    letters = {"QueueUrl": t.resources["CommandsDeadLetters"]}
    yield Call("functions", "read dead letters", "sqs", "receive_message", letters)
    yield Call("functions", "look through the audit trail", "cloudtrail", "lookup_events", {})


def _logs(t: Targets) -> Iterator[Call]:
    logs = partial(Call, "logs", service="logs")
    stream = {"logGroupName": t.build_logs, "logStreamName": t.other.build_id.partition(":")[2]}
    yield logs("read B's build", operation="get_log_events", parameters=stream)
    yield logs("search all builds", operation="filter_log_events", parameters={"logGroupName": t.build_logs})
    yield logs("list the builds' streams", operation="describe_log_streams", parameters={"logGroupName": t.build_logs})
    yield logs("delete B's stream", operation="delete_log_stream", parameters=stream)
    commands = {"logGroupName": t.resources["CommandsLogs"]}
    yield logs("read the log of Commands", operation="filter_log_events", parameters=commands)
    into = {**commands, "logStreamName": "forged"}
    yield logs("make a stream in the log of Commands", operation="create_log_stream", parameters=into)
    line = [{"timestamp": 1, "message": "forged"}]
    yield logs("write into the log of Commands", operation="put_log_events", parameters={**into, "logEvents": line})
    group = {"logGroupName": t.build_logs}
    yield logs("delete the builds' log", operation="delete_log_group", parameters=group)
    subscription = {**group, "filterName": "attack", "filterPattern": "", "destinationArn": t.guild_role}
    yield logs("have all builds' lines sent", operation="put_subscription_filter", parameters=subscription)


def with_the_session(t: Targets) -> Iterator[Call]:
    """What the run's own session may not do and the role of the build may: the builds' log."""
    stream = {"logGroupName": t.build_logs, "logStreamName": t.other.build_id.partition(":")[2]}
    line = [{"timestamp": 1, "message": '{"@level":"info","type":"apply_complete"}'}]
    yield Call("logs", "write into B's stream", "logs", "put_log_events", {**stream, "logEvents": line})
    new = {"logGroupName": t.build_logs, "logStreamName": "forged"}
    yield Call("logs", "make a stream among the builds'", "logs", "create_log_stream", new)


def own_things(t: Targets, phase: str) -> Iterator[Call]:
    """Controls: the same tools, pointed at what is the run's own, work."""
    listing = {"Bucket": t.state_bucket, "Prefix": t.own.state_key}
    yield Call(CONTROL, "list the own state", "s3", "list_objects_v2", listing)
    result = {"Bucket": t.runs_bucket, "Key": t.own.file(f"result-{phase}.json"), "Body": b"{}"}
    yield Call(CONTROL, "hand in the own result", "s3", "put_object", result)
    lock = {"Bucket": t.state_bucket, "Key": f"{t.own.state_key}.tflock"}
    yield Call(CONTROL, "lock the own state", "s3", "put_object", {**lock, "Body": b"{}"})
    yield Call(CONTROL, "unlock the own state", "s3", "delete_object", lock)
    yield Call(CONTROL, "ask who this is", "sts", "get_caller_identity", {})
