"""The narrator: true, complete, short, and the same each time."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.story import voice
from chatops.story.blast import BlastRadius, Level, Risk
from chatops.story.costs import Compute, CostStatus, Usage
from chatops.story.footprint import Footprint
from chatops.story.narrate import narrate, script_of
from chatops.story.narrate_advice import difference, recommend
from chatops.story.narrate_amounts import amount, lattes, money, readable, spoken
from chatops.story.narrate_kinds import dominant_kind, kind_of, machine_size
from chatops.story.schema import LIMIT, Line, Script, unwanted
from chatops.story.story import Candidate, Facts, Told, details, summary
from chatops.story.treasure import Treasure
from chatops.story.voice_refused import language_of
from chatops.story.voice_units import UNITS
from tests.unit.story.told_facts import CALM, OPEN_DOOR, TREASURE, advice, cost, facts, web

PLAN_FORM = {
    "coffee_cup_cost": str,
    "real_world_analogy": str,
    "blast_radius": {"security_risk": str, "impact_level": str, "affected_systems": list},
    "treasure_hunt": {"optimization": str, "estimated_savings": str},
    "environmental_impact": str,
}
ADVICE_FORM = {
    "recommended_service": str,
    "estimated_monthly_cost": str,
    "reasoning": str,
    "coffee_cup_cost": str,
    "real_world_analogy": str,
    "blast_radius": str,
    "treasure_hunt": {"optimization": str, "estimated_savings": str},
    "alternatives": list,
}
GONE = ("delete",)
WAYS = {
    f"{table}-{case}": ways
    for table in ("COFFEE", "ANALOGY", "RISK", "TREASURE", "ENVIRONMENT", "ADVICE")
    for case, ways in getattr(voice, table).items()
}
SENTENCES = ("DEARER", "UNCHANGED", "ALSO_BY_USE", "ALSO_UNPRICED", "ESTIMATED", "SIZE", "SPANS", "LOST", "REBUILT")


def form(value: Any) -> Any:
    return {name: form(each) for name, each in value.items()} if isinstance(value, dict) else type(value)


def texts(words: Any) -> list[str]:
    if isinstance(words, str):
        return [words]
    return [text for each in (words.values() if isinstance(words, dict) else words) for text in texts(each)]


def lines(fields: Any) -> list[Line]:
    if isinstance(fields, Line):
        return [fields]
    return [line for each in fields.values() for line in lines(each)] if isinstance(fields, dict) else []


def coffee(*costs: Any, **more: Any) -> str:
    text: str = narrate(facts(*costs, **more), Told())["coffee_cup_cost"]
    return text


def slots(template: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", template))


class TestVoice:
    @pytest.mark.parametrize("case", WAYS)
    def test_all_ways_to_say_a_thing_say_the_same(self, case: str) -> None:
        assert len({frozenset(slots(way)) for way in WAYS[case]}) == 1
        assert len(set(WAYS[case])) == len(WAYS[case]) >= 2

    @pytest.mark.parametrize("case", WAYS)
    def test_the_narrator_keeps_the_rules_that_the_model_has(self, case: str) -> None:
        calm = Script({}, {}, costs=False, danger=False)

        assert {way: reason for way in WAYS[case] if (reason := unwanted(way, calm, language_of("en-US")))} == {}

    @pytest.mark.parametrize("name", SENTENCES)
    def test_so_do_the_sentences_that_are_added(self, name: str) -> None:
        calm = Script({}, {}, costs=False, danger=False)

        assert unwanted(getattr(voice, name), calm, language_of("en-US")) == ""

    def test_every_language_has_the_same_places_for_numbers(self) -> None:
        places = {
            language: {name: getattr(units, name).count("{}") for name in units.__dataclass_fields__}
            for language, units in UNITS.items()
        }

        assert all(each == places["en"] for each in places.values())


class TestForm:
    def test_the_plan_form_is_the_guides(self) -> None:
        assert form(narrate(web(), Told())) == PLAN_FORM

    def test_the_recommendation_form_is_the_guides(self) -> None:
        words = recommend(advice(), Told())

        assert form(words) == ADVICE_FORM
        assert [each.keys() for each in words["alternatives"]] == [{"service", "cost_difference"}] * 2

    def test_one_plan_is_told_alike(self) -> None:
        assert narrate(web("a plan"), Told()) == narrate(web("a plan"), Told())

    def test_many_plans_are_not_all_told_alike(self) -> None:
        told = [texts(narrate(web(str(seed)), Told())) for seed in range(60)]

        assert [len(set(field)) for field in zip(*told, strict=True)] == [6, 5, 4, 1, 1, 1, 4, 1, 5]


class TestCoffee:
    def test_the_guides_example(self) -> None:
        assert "$7.20/day" in coffee(cost(after=219))
        assert "$219/month" in coffee(cost(after=219))

    @pytest.mark.parametrize(
        ("monthly", "phrase"),
        [
            (2, "a sniff of the beans"),
            (8.5, "one latte every 20 days"),
            (40, "one latte every 4 days"),
            (167, "about one latte a day"),
            (302, "1.8 lattes a day"),
            (335, "2 lattes a day"),
            (840, "5 lattes a day"),
            (2_000, "12 lattes a day"),
            (200_000, "1,196 lattes a day"),
        ],
    )
    def test_how_many_cups(self, monthly: float, phrase: str) -> None:
        assert phrase.lower() in coffee(cost(after=monthly)).lower()

    def test_a_latte_may_cost_something_else(self) -> None:
        told = narrate(facts(cost(after=365)), Told(latte_usd=4))["coffee_cup_cost"]

        assert "3 lattes a day" in told
        assert "(A latte counts as $4.)" in told

    @pytest.mark.parametrize("latte", [0, -1, float("nan"), float("inf")])
    def test_a_latte_that_costs_nothing_is_not_believed(self, latte: float) -> None:
        assert "$5.50" in narrate(facts(cost(after=365)), Told(latte_usd=latte))["coffee_cup_cost"]

    def test_what_is_free_is_said_to_be(self) -> None:
        assert "$0.00" in coffee(cost("aws_vpc.main", after=0, status=CostStatus.FREE))

    def test_an_empty_plan_is_told(self) -> None:
        assert "$0.00" in coffee()

    def test_what_nobody_can_price_is_not_free(self) -> None:
        told = coffee(cost(status=CostStatus.UNKNOWN), cost("a.b", status=CostStatus.UNKNOWN))

        assert "2 resources that our book has no price for" in told
        assert "not the same as free" in told
        assert "$0" not in told

    def test_unknown_beside_known_is_not_counted_and_said(self) -> None:
        told = coffee(cost(after=219), cost("a.b", status=CostStatus.UNKNOWN))

        assert "Not counted: 1 resource that our book has no price for." in told

    def test_by_use_alone_is_a_range(self) -> None:
        told = coffee(cost("aws_s3_bucket.x", status=CostStatus.USAGE), usage=Usage(0.023, 2.3, 23))

        assert "between $0.02 and $23 a month, about $2.30 in usual use" in told
        assert "$0.00" not in told

    def test_by_use_beside_the_hours_comes_on_top(self) -> None:
        assert "on top: between $0.02 and $23 a month" in coffee(cost(after=219), usage=Usage(0.023, 2.3, 23))

    def test_a_dearer_plan_says_how_much(self) -> None:
        assert "That is $100/month more than today." in coffee(cost(before=119, after=219, actions=("update",)))

    def test_an_equal_one_says_so(self) -> None:
        assert "The bill stays what it is today." in coffee(cost(before=219, after=219, actions=("update",)))

    def test_a_cheaper_one_saves(self) -> None:
        told = coffee(cost(before=219, after=119, actions=("update",)))

        assert "$100/month" in told
        assert "$119/month" in told
        assert "$3.91/day" in told

    def test_a_destroyed_deployment_saves_all_of_it(self) -> None:
        told = coffee(cost(before=219, actions=GONE), destroy=True)

        assert "$7.20/day or $219/month" in told
        assert "costs" not in told

    def test_nothing_left_with_a_price_is_no_closed_tab_where_something_is_left(self) -> None:
        told = coffee(cost(before=219, actions=GONE), cost("a.b", status=CostStatus.UNKNOWN))

        assert "$219/month" in told
        assert "Not counted: 1 resource" in told
        assert not re.search("closed|slate|broken", told)

    def test_estimated_prices_are_said_to_be(self) -> None:
        assert "Some of these prices are estimates." in coffee(cost(after=219, note="estimated from us-east-1"))
        assert "estimates" not in coffee(cost(after=219, note="8 GB root disk assumed"))


class TestAnalogy:
    @pytest.mark.parametrize(
        ("resource_type", "kind"),
        [
            ("aws_instance", "compute"),
            ("google_compute_instance", "compute"),
            ("azurerm_linux_virtual_machine", "compute"),
            ("aws_eks_node_group", "compute"),
            ("google_container_node_pool", "compute"),
            ("aws_eks_cluster", "kubernetes"),
            ("google_container_cluster", "kubernetes"),
            ("azurerm_kubernetes_cluster", "kubernetes"),
            ("aws_db_instance", "database"),
            ("google_sql_database_instance", "database"),
            ("azurerm_postgresql_flexible_server", "database"),
            ("aws_nat_gateway", "toll"),
            ("aws_lb", "toll"),
            ("google_compute_address", "toll"),
            ("azurerm_public_ip", "toll"),
            ("aws_s3_bucket", "storage"),
            ("google_compute_disk", "storage"),
            ("azurerm_managed_disk", "storage"),
            ("aws_lambda_function", "serverless"),
            ("google_cloud_run_service", "serverless"),
            ("azurerm_linux_function_app", "serverless"),
            ("aws_sqs_queue", "messaging"),
            ("aws_route53_zone", "dns"),
            ("aws_cloudwatch_log_group", "monitoring"),
            ("aws_kms_key", "identity"),
            ("aws_vpc", "network"),
            ("random_pet", "other"),
        ],
    )
    def test_kinds(self, resource_type: str, kind: str) -> None:
        assert kind_of(resource_type) == kind

    def test_the_dearest_gives_it(self) -> None:
        assert dominant_kind(facts(cost(after=10), cost("aws_db_instance.x", after=200))) == "database"

    def test_serverless_that_is_paid_by_the_hour_is_no_taxi(self) -> None:
        paid = cost("aws_lambda_function.x", after=30)
        used = cost("aws_lambda_function.x", status=CostStatus.USAGE, usage=Usage(0, 1, 9))

        assert dominant_kind(facts(paid)) == "compute"
        assert dominant_kind(facts(used)) == "serverless"

    def test_what_cannot_be_priced_is_a_locked_crate(self) -> None:
        assert dominant_kind(facts(cost(status=CostStatus.UNKNOWN))) == "unknown"

    def test_a_destroyed_deployment_with_data_has_no_undo(self) -> None:
        gone = facts(cost(before=9, actions=GONE), destroy=True)
        lost = replace(gone, lost=("aws_db_instance.x",))

        assert (dominant_kind(gone), dominant_kind(lost)) == ("gone", "no_undo")
        assert "no undo" in narrate(lost, Told())["real_world_analogy"]
        assert "Lost for ever: aws_db_instance.x." in narrate(lost, Told())["blast_radius"]["security_risk"]

    def test_what_does_not_change_is_idle(self) -> None:
        assert dominant_kind(facts(cost(before=9, after=9, actions=("no-op",)))) == "idle"

    def test_the_size_is_that_of_all_machines(self) -> None:
        two = facts(cost(after=10, vcpus=2), cost("aws_instance.b", after=10, vcpus=2))

        assert machine_size(two.estimate).endswith("(4 vCPUs, 16 GiB of memory)")
        assert "4 vCPUs" in narrate(two, Told())["real_world_analogy"]
        assert "vCPU" not in narrate(facts(cost(after=10)), Told())["real_world_analogy"]

    @pytest.mark.parametrize(
        ("vcpus", "gib", "thing"),
        [(2, 1, "home server"), (2, 8, "laptop"), (2, 64, "laptop"), (16, 64, "workstation"), (64, 256, "big server"),
         (640, 2560, "rack"), (9000, 90000, "hall")],
    )  # fmt: skip
    def test_neither_processors_nor_memory_alone_make_it_large(self, vcpus: int, gib: int, thing: str) -> None:
        some = cost(after=10)
        part = replace(some.components[0], compute=Compute(730 * vcpus, 730 * gib))

        assert thing in machine_size(facts(replace(some, components=(part,))).estimate)

    def test_several_clouds_are_named(self) -> None:
        both = facts(cost(after=10), cost("google_compute_instance.b", after=10, cloud="gcp"))

        assert "It spans AWS and Google Cloud." in narrate(both, Told())["real_world_analogy"]


class TestBlastRadius:
    def test_the_worst_risk_is_told_with_its_place(self) -> None:
        told = narrate(web(), Told())["blast_radius"]

        assert "aws_security_group.web. Anybody on the internet can knock at SSH. " in told["security_risk"]
        assert "3 other resources" in told["security_risk"]
        assert told["impact_level"] == "critical"
        assert told["affected_systems"] == ["compute (1)", "network (2)"]

    def test_the_same_risk_elsewhere_is_counted(self) -> None:
        doors = tuple(replace(OPEN_DOOR, address=f"aws_security_group.s{each}") for each in range(3))
        told = narrate(facts(cost(after=1), blast=BlastRadius(Level.CRITICAL, doors, {}, 0)), Told())

        assert "aws_security_group.s0 and 2 more. Anybody" in told["blast_radius"]["security_risk"]

    def test_no_finding_is_no_promise(self) -> None:
        told = narrate(facts(cost(after=1)), Told())["blast_radius"]["security_risk"]

        assert re.search("do not see everything|no promise|common ones only|wrong before|are others", told)

    def test_kinds_that_no_rule_knows_are_strangers(self) -> None:
        odd = cost("acme_rocket.moon", status=CostStatus.UNKNOWN, cloud="acme")
        told = narrate(facts(odd), Told())["blast_radius"]["security_risk"]

        assert re.search("cannot judge", told)

    def test_what_cannot_be_seen_is_unknown(self) -> None:
        told = narrate(facts(cost(after=1), blast=BlastRadius(Level.UNKNOWN, (), {}, 0)), Told())["blast_radius"]

        assert "treat its danger as unknown" in told["security_risk"]
        assert told["impact_level"] == "unknown"

    def test_a_plan_that_changes_nothing_breaks_nothing(self) -> None:
        idle = facts(cost(before=9, after=9, actions=("no-op",)), blast=BlastRadius(Level.NONE, (), {}, 0))

        assert "othing" in narrate(idle, Told())["blast_radius"]["security_risk"]

    def test_what_is_rebuilt_is_said(self) -> None:
        told = narrate(facts(cost(before=9, after=9, actions=("delete", "create"))), Told())["blast_radius"]

        assert "Torn down and built anew: aws_instance.web." in told["security_risk"]


class TestTreasure:
    def test_the_best_is_told_with_its_caveat(self) -> None:
        told = narrate(web(), Told())["treasure_hunt"]

        assert "gp3 instead of gp2" in told["optimization"]
        assert "aws_ebs_volume.data" in told["optimization"]
        assert told["optimization"].endswith("Test its throughput first.")
        assert told["estimated_savings"] == "$18/month (20%)"

    def test_about_is_said(self) -> None:
        about = replace(TREASURE, about=True, cost_difference=-90.0, percent=60)

        told = narrate(facts(cost(after=150), best=about), Told())["treasure_hunt"]

        assert told["estimated_savings"] == "about $90/month (about 60%)"

    def test_none_is_said(self) -> None:
        told = narrate(facts(cost(after=150)), Told())["treasure_hunt"]

        assert told["estimated_savings"] == "No treasure here"
        assert "nothing cheaper that is also safe" in told["optimization"]

    def test_where_nothing_is_paid_nothing_is_dug_for(self) -> None:
        told = narrate(facts(cost("aws_vpc.main", after=0, status=CostStatus.FREE)), Told())["treasure_hunt"]

        assert "no bill that could shrink" in told["optimization"]

    def test_a_destroyed_deployment_is_the_treasure_itself(self) -> None:
        told = narrate(facts(cost(before=219, actions=GONE), destroy=True), Told())["treasure_hunt"]

        assert told["estimated_savings"] == "$219/month"
        assert "what is gone sends no bill" in told["optimization"]


class TestEnvironment:
    @pytest.mark.parametrize(
        ("power", "phrases"),
        [
            (Footprint(6.54, 2.4, ("us-east-1",), ""), ["6.5 kWh", "2.4 kg of CO2e", "petrol car", "give or take 50%"]),
            (Footprint(6.54, None, ("xx",), ""), ["6.5 kWh", "its region"]),
            (Footprint(0.01, 0.001, ("xx",), ""), ["less than 0.1 kWh", "less than 0.1 kg of CO2e"]),
            (Footprint(None, None, (), "", left_out=4), ["can measure|could measure", "Not measured: 4 resources."]),
            (Footprint(None, None, (), "", saved_kwh=12, saved_kg=4.1), ["12 kWh of electricity and 4.1 kg of CO2e"]),
            (
                Footprint(20, 8, (), "", saved_kwh=12),
                ["20 kWh", "What goes spares about 12 kWh of electricity a month"],
            ),
        ],
        ids=["measured", "no-grid", "tiny", "nothing", "spared", "both"],
    )
    def test_what_is_said(self, power: Footprint, phrases: list[str]) -> None:
        told = narrate(facts(cost(after=70), power=power), Told())["environmental_impact"]

        assert [phrase for phrase in phrases if not re.search(phrase, told)] == []

    def test_what_is_gone_draws_no_power(self) -> None:
        told = narrate(facts(cost(before=70, actions=GONE), destroy=True), Told())["environmental_impact"]

        assert "draws no more power" in told


class TestRecommendation:
    def test_the_guides_example(self) -> None:
        told = recommend(advice(), Told())

        assert told["recommended_service"] == "Cloud Run"
        assert told["estimated_monthly_cost"] == "$35-$50"
        assert "up to $1.64/day, $35-$50/month" in told["coffee_cup_cost"]
        assert "It suits containers with little traffic." in told["reasoning"]
        assert "your site goes offline; no data is lost." in told["blast_radius"]
        assert told["treasure_hunt"]["estimated_savings"] == "about $17.50/month (41% cheaper)"
        assert "Every function is written anew." in told["treasure_hunt"]["optimization"]

    def test_one_price_is_no_range(self) -> None:
        told = recommend(advice(monthly_low=40, monthly_high=40), Told())

        assert told["estimated_monthly_cost"] == "$40"
        assert "up to" not in told["coffee_cup_cost"]

    def test_the_cheapest_has_no_treasure(self) -> None:
        told = recommend(advice(monthly_low=1, monthly_high=2), Told())

        assert told["treasure_hunt"]["estimated_savings"] == "No treasure here"

    def test_what_is_free_is_said_to_be(self) -> None:
        assert "$0.00" in recommend(advice(monthly_low=0, monthly_high=0), Told())["coffee_cup_cost"]

    @pytest.mark.parametrize(
        ("here", "there", "words"),
        [
            (100, 57, "43% cheaper (about $43/month less)"),
            (100, 150, "50% more expensive (about $50/month more)"),
            (100, 101, "about the same price"),
            (0, 30, "about $30/month more"),
        ],
    )
    def test_differences(self, here: float, there: float, words: str) -> None:
        best, other = (Candidate("a", "other", each, each, "", "") for each in (here, there))

        assert difference(best, other) == words


class TestAmounts:
    @pytest.mark.parametrize(
        ("usd", "text"),
        [
            (0, "$0.00"),
            (0.0001, "less than $0.01"),
            (0.012, "$0.01"),
            (7.2, "$7.20"),
            (30, "$30"),
            (99.999, "$100"),
            (219, "$219"),
            (1234.5, "$1,234"),
            (float("inf"), "an unknown sum"),
            (float("nan"), "an unknown sum"),
        ],
    )
    def test_money(self, usd: float, text: str) -> None:
        assert money(usd) == text

    @pytest.mark.parametrize(
        ("number", "text"), [(0, "less than 0.1 kWh"), (3.14, "3.1 kWh"), (6.0, "6 kWh"), (1234.5, "1,234 kWh")]
    )
    def test_quantities(self, number: float, text: str) -> None:
        assert amount(number, "kWh") == text

    @given(st.floats(0, 1e9), st.floats(0, 1e9))
    def test_more_cups_never_read_as_fewer(self, one: float, other: float) -> None:
        def rank(cups: float) -> float:
            said = lattes(cups)
            number = float(re.sub(r"[^\d.]", "", said) or 0)
            if "sniff" in said:
                return 0
            return 1 / number if "every" in said else number or 1

        fewer, more = sorted((one, other))

        assert rank(fewer) <= rank(more)

    @pytest.mark.parametrize(
        "address",
        [
            "aws_instance.web",
            'module.net.aws_subnet.a["eu-west-1a"]',
            "aws_instance.web[0]",
            'aws_s3_object.x["a/b.css"]',
        ],
    )
    def test_an_address_stays_as_it_is(self, address: str) -> None:
        assert spoken(address) == address

    @pytest.mark.parametrize(
        "key",
        [
            "@everyone",
            "<@123>",
            "https://evil.example",
            "**free**",
            "`code`",
            "||spoiler||",
            "\u202eevil",
            "a\nb",
            "{monthly}",
            "x" * 500,
            "\u0430pple",
            "$0",
        ],
        ids=[f"key{each}" for each in range(12)],
    )
    def test_an_odd_address_says_nothing_in_a_sentence(self, key: str) -> None:
        said = spoken(f'aws_instance.web["{key}"]')

        assert re.fullmatch(r'[\w.\-\[\]"/…]{1,61}', said, re.ASCII)
        assert "//" not in said

    def test_lists_show_an_odd_address_visibly(self) -> None:
        assert readable("a\u202eb\nc\x00", 10) == "a\ufffdb\ufffdc\ufffd"
        assert len(readable("x" * 10_000, 200)) == 200


HOSTILE = st.text(st.characters(), max_size=400)
MONEY = st.one_of(st.none(), st.floats(0, 1e15))


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    costs = [
        cost(
            draw(HOSTILE),
            draw(MONEY),
            draw(MONEY),
            draw(st.sampled_from([("create",), ("update",), GONE, ("no-op",), ("delete", "create"), (), ("odd",)])),
            draw(st.sampled_from(CostStatus)),
            cloud=draw(st.sampled_from(["aws", "gcp", "azure", "odd"])),
            vcpus=draw(st.floats(0, 1e9)),
            note=draw(HOSTILE),
            name=draw(HOSTILE),
        )
        for _ in range(draw(st.integers(0, 12)))
    ]
    risks = [
        Risk(draw(HOSTILE), draw(st.sampled_from(Level)), *(draw(HOSTILE) for _ in range(4)))
        for _ in range(draw(st.integers(0, 12)))
    ]
    treasures = [
        Treasure(draw(HOSTILE), (draw(HOSTILE),) * draw(st.integers(0, 9)), draw(HOSTILE), draw(st.floats(-1e12, 1e12)),
                 draw(st.integers(0, 100)), draw(st.booleans()), draw(HOSTILE), draw(HOSTILE))
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    power = st.one_of(st.none(), st.floats(0, 1e15))
    return facts(
        *costs,
        blast=BlastRadius(
            draw(st.sampled_from(Level)),
            tuple(risks),
            {draw(HOSTILE): (draw(HOSTILE),) * draw(st.integers(0, 90)) for _ in range(draw(st.integers(0, 20)))},
            draw(st.integers(0, 10**6)),
        ),
        best=treasures[0] if treasures else None,
        alternatives=tuple(treasures[1:]),
        power=Footprint(draw(power), draw(power), (), "", left_out=draw(st.integers(0, 10**6)), saved_kwh=draw(power)),
        usage=Usage(*sorted(draw(st.floats(0, 1e15)) for _ in range(3))),
        destroy=draw(st.booleans()),
        seed=draw(HOSTILE),
        lost=tuple(draw(st.lists(HOSTILE, max_size=40))),
    )


class TestAnyFacts:
    @settings(max_examples=60, deadline=None)
    @given(any_facts())
    def test_a_story_is_complete_and_short(self, some: Facts) -> None:
        words = narrate(some, Told())

        assert form(words) == PLAN_FORM
        assert [text for text in texts(words) if not 0 < len(text) <= LIMIT] == []
        assert not any(unicodedata_odd(text) for text in texts(words))

    @settings(max_examples=60, deadline=None)
    @given(any_facts())
    def test_what_is_kept_is_small_and_can_be_kept(self, some: Facts) -> None:
        kept = summary(some, narrate(some, Told()), "narrator")

        assert len(json.dumps(kept, ensure_ascii=False).encode()) <= 6_000
        assert json.loads(json.dumps(details(some))) == details(some)

    @settings(max_examples=60, deadline=None)
    @given(any_facts())
    def test_every_slot_is_there(self, some: Facts) -> None:
        script = script_of(some, Told())

        assert {name for line in lines(script.fields) for name in line.allowed} <= script.slots.keys()


def unicodedata_odd(text: str) -> bool:
    return any(ord(each) < 32 or 0xD800 <= ord(each) < 0xE000 or each in "\u202e\u200b" for each in text)


class TestKept:
    def test_the_keys(self) -> None:
        kept = summary(web(), narrate(web(), Told()) | {"fallback": "why"}, "a model")

        assert kept.keys() == {
            *PLAN_FORM, "cost", "risks", "lost", "lost_count", "alternatives", "told_by", "fallback"
        }  # fmt: skip
        assert kept["cost"].keys() == {
            "before", "after", "diff", "counts", "coverage", "usage", "as_of", "estimated", "top"
        }  # fmt: skip
        assert (kept["told_by"], kept["fallback"]) == ("a model", "why")

    def test_the_cost(self) -> None:
        kept = summary(web(), narrate(web(), Told()), "narrator")["cost"]

        assert (kept["before"], kept["after"], kept["diff"]) == (0, 309, 309)
        assert kept["coverage"] == "3 of 4 priced"
        assert kept["top"] == [["aws_instance.web", 219, "machine"], ["aws_ebs_volume.data", 90, "machine"]]

    def test_of_what_is_destroyed_the_dearest_stand_at_the_top(self) -> None:
        gone = facts(cost(before=3, actions=GONE), cost("a.b", before=9, actions=GONE), destroy=True)

        top = summary(gone, narrate(gone, Told()), "narrator")["cost"]["top"]

        assert [each[:2] for each in top] == [["a.b", 9], ["aws_instance.web", 3]]

    def test_lists_are_bounded_and_what_is_lost_is_counted(self) -> None:
        many = facts(
            *(cost(f"aws_instance.i{each}", after=1) for each in range(20)),
            blast=replace(CALM, risks=(OPEN_DOOR,) * 20),
            lost=tuple(f"a.b{each}" for each in range(50)),
        )

        kept = summary(many, narrate(many, Told()), "narrator")

        assert [len(kept[name]) for name in ("risks", "lost")] == [5, 20]
        assert len(kept["cost"]["top"]) == 8
        assert kept["lost_count"] == 50

    def test_details_are_bounded(self) -> None:
        many = facts(*(cost(f"aws_instance.i{each}", after=each) for each in range(600)))

        kept = details(many)

        assert len(kept["resources"]) == 500
        assert kept["left_out"] == 100
        assert kept["resources"][0]["address"] == "aws_instance.i599"
