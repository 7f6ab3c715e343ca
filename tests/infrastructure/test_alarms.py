"""The alarm on a bot token that Discord refuses: whoever edits as the bot is listened to."""

import pytest

from chatops.adapters.discord_manners import BOT_TOKEN_REFUSED
from tests.infrastructure.template import functions, resource, resources

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
