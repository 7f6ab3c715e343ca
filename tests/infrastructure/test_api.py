"""The API: three routes, each throttled for itself, and the alarm on those who knock in vain."""

from typing import Any, cast

from chatops.runs.hand_over import LOCK_IN_THE_WAY
from chatops.runs.track import Track
from tests.infrastructure.template import ROOT, resource, resources, written

ROUTES = {
    "POST /interactions": "InteractionsFunction",
    "POST /runs/claim": "HandOverFunction",
    "POST /runs/heartbeat": "HandOverFunction",
}


def test_the_api_has_three_routes_each_to_its_function() -> None:
    integrations = resources("AWS::ApiGatewayV2::Integration")
    found = {
        route["RouteKey"]: integrations[route["Target"].removeprefix("integrations/").strip("${}")]["IntegrationUri"]
        for route in resources("AWS::ApiGatewayV2::Route").values()
    }

    assert found == {key: f"${{{function}.Arn}}" for key, function in ROUTES.items()}


def test_there_is_no_other_way_in() -> None:
    assert list(resources("AWS::ApiGatewayV2::Api")) == ["Api"]
    assert not resources("AWS::Lambda::Url")
    assert not resources("AWS::ApiGateway::RestApi")


def test_every_route_has_a_throttle_of_its_own_and_what_is_new_a_small_one() -> None:
    stage = resource("ApiStage")

    assert stage["RouteSettings"].keys() == ROUTES.keys()
    for route, limits in [*stage["RouteSettings"].items(), ("others", stage["DefaultRouteSettings"])]:
        assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"], route
        assert limits["ThrottlingRateLimit"] <= 100, route


def test_the_stage_waits_for_the_routes_that_it_throttles() -> None:
    assert set(written()["Resources"]["ApiStage"]["DependsOn"]) == set(resources("AWS::ApiGatewayV2::Route"))


def test_access_is_logged_without_tokens_or_bodies() -> None:
    settings = resource("ApiStage")["AccessLogSettings"]

    assert settings["DestinationArn"] == "${ApiLogs.Arn}"
    assert "$context.status" in settings["Format"]
    assert not [word for word in ("authorizer", "header", "body", "$context.path") if word in settings["Format"]]


def test_functions_answer_in_the_format_that_they_are_called_in() -> None:
    for integration in resources("AWS::ApiGatewayV2::Integration").values():
        assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")


def test_the_api_may_call_a_function_for_its_own_routes_only() -> None:
    calls = {
        permission["FunctionName"]: permission["SourceArn"].rpartition("${Api}")[2]
        for permission in resources("AWS::Lambda::Permission").values()
        if permission["Principal"] == "apigateway.amazonaws.com"
    }

    assert calls == {"${InteractionsFunction}": "/*/POST/interactions", "${HandOverFunction}": "/*/POST/runs/*"}


def test_a_lock_that_only_an_administrator_can_judge_raises_an_alarm_by_the_words_that_are_logged() -> None:
    metric, alarm = resource("LockInTheWay"), resource("LockInTheWayAlarm")
    (transformed,) = metric["MetricTransformations"]

    assert metric["FilterPattern"] == f'{{ $.message = "{LOCK_IN_THE_WAY}" }}'
    assert metric["LogGroupName"] == "${HandOverLogs}"
    assert (transformed["MetricName"], transformed["MetricNamespace"]) == (alarm["MetricName"], alarm["Namespace"])
    assert (transformed["MetricValue"], alarm["Threshold"], alarm["Statistic"]) == ("1", 1, "Sum")


def test_lines_of_an_unknown_build_are_counted_by_the_word_that_the_tracker_has_for_them() -> None:
    metric = resource("LogsOfUnknownBuilds")
    tracker = Track(**dict.fromkeys(Track.__dataclass_fields__, cast("Any", None)) | {"interactions": NobodysBuilds()})

    assert metric["FilterPattern"] == f'{{ $.result = "{tracker("11111111-2222", [(0, "a line")])}" }}'
    assert metric["LogGroupName"] == "${TrackProgressLogs}"
    assert metric["MetricTransformations"][0]["MetricValue"] == "1"


class NobodysBuilds:
    """Where no build was linked to a run."""

    def run_of_build(self, build_id: str) -> None:
        return None


def test_a_bundle_that_is_claimed_twice_raises_an_alarm_by_the_words_that_the_function_logs() -> None:
    pattern = resource("BundleClaimedTwice")["FilterPattern"]
    source = (ROOT / "functions/hand_over/app.py").read_text()

    assert pattern == '{ $.message = "bundle claimed twice" }'
    assert resource("BundleClaimedTwice")["LogGroupName"] == "${HandOverLogs}"
    assert '"bundle claimed twice"' in source
    assert resource("BundleClaimedTwiceAlarm")["MetricName"] == "BundleClaimedTwice"
    assert resource("BundleClaimedTwiceAlarm")["Namespace"] == "${AWS::StackName}"
