"""Alarms on a bot token that Discord refuses, where whoever edits as the bot is listened to, and on unreadable logs.

What an operator is told of alarms, and what they cost, is checked too.
"""

import re

import pytest

from chatops.adapters.discord_manners import BOT_TOKEN_REFUSED
from chatops.runs.batch import UNREADABLE
from tests.infrastructure.template import ROOT, functions, resource, resources

ALARM = "BotTokenRefusedAlarm"
BOTS = sorted(name for name, body in functions().items() if "BOT_TOKEN_SECRET" in body["Environment"]["Variables"])


@pytest.mark.parametrize("function", BOTS)
def test_every_function_that_edits_as_the_bot_is_listened_to(function: str) -> None:
    heard = resource(f"{function}BotTokenRefused")
    (metric,) = heard["MetricTransformations"]

    assert heard["LogGroupName"] == functions()[function]["LoggingConfig"]["LogGroup"]
    assert heard["FilterPattern"] == f'"{BOT_TOKEN_REFUSED}"'  # these words anywhere in a line, whatever its format
    assert (metric["MetricNamespace"], metric["MetricName"], metric["MetricValue"]) == (
        resource(ALARM)["Namespace"],
        resource(ALARM)["MetricName"],
        "1",
    )


def test_nobody_else_is_listened_to() -> None:
    named = {
        name
        for name, heard in resources("AWS::Logs::MetricFilter").items()
        if heard["MetricTransformations"][0]["MetricName"] == resource(ALARM)["MetricName"]
    }

    assert BOTS
    assert named == {f"{function}BotTokenRefused" for function in BOTS}


def test_one_refusal_is_enough() -> None:
    alarm = resource(ALARM)

    assert (alarm["Statistic"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("Sum", 1, 1)
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanOrEqualToThreshold", "notBreaching")


def test_a_batch_that_the_tracker_cannot_read_raises_an_alarm() -> None:
    heard, alarm = resource("UnreadableLogs"), resource("UnreadableLogsAlarm")
    (metric,) = heard["MetricTransformations"]

    assert heard["LogGroupName"] == functions()["TrackProgress"]["LoggingConfig"]["LogGroup"]
    assert heard["FilterPattern"] == f'{{ $.message = "{UNREADABLE}" }}'
    assert (metric["MetricNamespace"], metric["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])
    assert (metric["MetricValue"], alarm["Statistic"], alarm["Threshold"]) == ("1", "Sum", 1)
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanOrEqualToThreshold", "notBreaching")


@pytest.mark.parametrize("alarm", sorted(resources("AWS::CloudWatch::Alarm")))
def test_an_operator_is_told_what_to_do_about_every_alarm(alarm: str) -> None:
    rows = [row for row in (ROOT / "docs/operations.md").read_text().splitlines() if row.startswith("| alarm")]

    assert [row for row in rows if f"`{alarm}`" in row]


def test_the_readme_counts_every_alarm_and_every_metric() -> None:
    heard = resources("AWS::Logs::MetricFilter").values()
    metrics = {each["MetricTransformations"][0]["MetricName"] for each in heard}
    (row,) = re.findall(r"\| alarms and metrics \| (\d+) × ([\d.]+) \+ (\d+) × ([\d.]+) \| ([\d.]+) \|", readme())

    assert (int(row[0]), int(row[2])) == (len(resources("AWS::CloudWatch::Alarm")), len(metrics))
    assert float(row[4]) == pytest.approx(int(row[0]) * float(row[1]) + int(row[2]) * float(row[3]))


def test_the_readmes_sum_is_the_sum_of_its_rows() -> None:
    table = readme().split("| idle, a month |")[1].split("\n\n")[0]
    amounts = [float(row) for row in re.findall(r"\| ([\d.]+) \|$", table, re.MULTILINE)]
    (total,) = re.findall(r"\*\*about ([\d.]+)\*\*", table)

    assert len(amounts) > 5
    assert float(total) == pytest.approx(sum(amounts), abs=0.05)


def readme() -> str:
    return (ROOT / "README.md").read_text()
