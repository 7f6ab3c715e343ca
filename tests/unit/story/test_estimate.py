"""What a plan costs: before, after, and what is not known."""

import math
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.story import kinds
from chatops.story.costs import HOURS, CostStatus
from chatops.story.estimate import Estimate, ResourceCost, estimate, price_side, status_of
from chatops.story.planned import read
from chatops.story.prices import open_book
from tests.unit.story.google_plans import JSON, change, disk, plan

SMALL, LARGE = ({"type": "pd-standard", "size": size, "zone": "us-central1-a"} for size in (100, 300))
DISK = "google_compute_disk"


def estimate_of(*changes: Mapping[str, Any], regions: Mapping[str, str] | None = None) -> Estimate:
    return estimate(read(plan(*changes), regions), open_book())


def sides(*changes: Mapping[str, Any]) -> tuple[float, float, float]:
    found = estimate_of(*changes)
    return found.before, found.after, found.diff


class TestSides:
    def test_what_is_made_costs_after(self) -> None:
        assert sides(change(DISK, "d", SMALL)) == (0, 4, 4)

    def test_what_is_destroyed_costs_before(self) -> None:
        found = estimate_of(change(DISK, "d", None, SMALL))

        assert (found.before, found.after, found.diff) == (4, 0, -4)
        assert found.resources[0].after is None
        assert found.resources[0].components[0].monthly == 4

    def test_what_changes_costs_on_both_sides(self) -> None:
        assert sides(change(DISK, "d", LARGE, SMALL)) == (4, 12, 8)

    @pytest.mark.parametrize("actions", [("delete", "create"), ("create", "delete")], ids="/".join)
    def test_so_does_what_is_replaced(self, actions: tuple[str, str]) -> None:
        assert sides(change(DISK, "d", LARGE, SMALL, actions)) == (4, 12, 8)

    def test_what_stays_costs_the_same(self) -> None:
        assert sides(change(DISK, "d", SMALL, SMALL, ("no-op",))) == (4, 4, 0)

    def test_a_change_that_calls_itself_none_is_priced_nevertheless(self) -> None:
        assert sides(change(DISK, "d", LARGE, SMALL, ("no-op",))) == (4, 12, 8)

    def test_what_leaves_the_state_goes_on_costing(self) -> None:
        found = estimate_of(change(DISK, "d", None, SMALL, ("forget",)))

        assert (found.before, found.after, found.diff) == (4, 4, 0)
        assert found.resources[0].note == "leaves the state and goes on costing"
        assert "1 resource leave the state and go on costing: counted before and after" in found.notes

    def test_what_is_replaced_and_left_behind_costs_twice_after(self) -> None:
        assert sides(change(DISK, "d", LARGE, SMALL, ("create", "forget"))) == (4, 16, 12)

    def test_what_is_imported_exists_and_costs_already(self) -> None:
        imported = change(DISK, "d", SMALL, SMALL, ("no-op",))
        imported["change"]["importing"] = {"id": "projects/p/zones/z/disks/d"}

        assert sides(imported) == (4, 4, 0)

    def test_a_deposed_object_costs_before_alone(self) -> None:
        assert sides(change(DISK, "d", SMALL, SMALL, ("no-op",)), change(DISK, "d", None, LARGE, deposed="ab12")) == (
            16,
            4,
            -12,
        )

    def test_an_address_that_comes_twice_counts_once(self) -> None:
        assert sides(disk("d"), disk("d")) == (0, 4, 4)

    def test_data_sources_cost_nothing(self) -> None:
        assert estimate_of(change(DISK, "d", SMALL) | {"mode": "data"}).resources == ()

    def test_a_plan_of_nothing_costs_nothing(self) -> None:
        found = estimate_of()

        assert (found.before, found.after, found.diff, found.coverage) == (0, 0, 0, (0, 0))
        assert found.as_of[:2] == "20"


class TestStatus:
    def test_unknown_is_never_zero(self) -> None:
        found = estimate_of(change("google_new_thing", "n", {}), disk("d"))

        assert found.resources[0].status is CostStatus.UNKNOWN
        assert found.resources[0].after is None
        assert found.resources[0].note == "no price is known for this kind of resource"
        assert found.counts == {"priced": 1, "free": 0, "usage": 0, "unknown": 1}
        assert found.coverage == (1, 2)
        assert "1 resource unknown, in no total" in found.notes
        assert found.after == 4

    def test_one_part_without_a_price_makes_the_whole_unknown(self) -> None:
        cost = estimate_of(disk("d", kind="pd-imaginary")).resources[0]

        assert (cost.status, cost.after, cost.note) == (CostStatus.UNKNOWN, None, "Disk: no price known")

    @pytest.mark.parametrize("kind", ["random_id", "null_resource", "tls_private_key", "terraform_data", "time_sleep"])
    def test_what_nobody_bills_is_free(self, kind: str) -> None:
        provider = f"registry.terraform.io/hashicorp/{kind.partition('_')[0]}"
        cost = estimate_of(change(kind, "it", {}) | {"provider_name": provider}).resources[0]

        assert (cost.status, cost.after) == (CostStatus.FREE, 0)

    def test_what_the_vendor_gives_is_free(self) -> None:
        assert estimate_of(change("google_service_account", "it", {})).resources[0].status is CostStatus.FREE

    def test_parts_by_use_add_to_no_total(self) -> None:
        found = estimate_of(change("google_pubsub_topic", "t", {}))

        assert found.resources[0].status is CostStatus.USAGE
        assert found.after == 0
        assert 0 < found.usage.low < found.usage.medium < found.usage.high
        assert found.usage == found.resources[0].usage

    def test_what_is_destroyed_has_no_use_after(self) -> None:
        assert estimate_of(change("google_pubsub_topic", "t", None, {})).usage.high == 0

    def test_a_cost_that_was_unknown_is_told_beside_the_difference(self) -> None:
        imaginary = {**SMALL, "type": "pd-imaginary"}
        cost = estimate_of(change(DISK, "d", SMALL, imaginary)).resources[0]

        assert (cost.before, cost.after, cost.status) == (None, 4, CostStatus.PRICED)
        assert "not known" in cost.note

    def test_a_kind_that_fails_costs_its_own_resource_the_price_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(asked: kinds.Asked) -> tuple[()]:
            raise ZeroDivisionError(asked.region)

        monkeypatch.setitem(kinds._kinds("gcp"), "google_compute_image", broken)  # type: ignore[arg-type]
        found = estimate_of(change("google_compute_image", "i", {}), disk("d"))

        assert [each.status.value for each in found.resources] == ["unknown", "priced"]
        assert found.after == 4

    def test_no_component_is_free_and_no_kind_is_unknown(self) -> None:
        assert status_of(()) is CostStatus.FREE
        assert status_of(None) is CostStatus.UNKNOWN


class TestRegions:
    def test_a_region_that_nothing_says_is_assumed_and_told(self) -> None:
        nowhere = change(DISK, "d", {"type": "pd-ssd", "size": 100})
        found = estimate_of(nowhere)

        assert found.after == 17
        assert "region not said: us-central1 assumed" in found.notes

    def test_a_region_that_was_asked_for_is_used_and_not_told(self) -> None:
        nowhere = change(DISK, "d", {"type": "pd-ssd", "size": 100})
        found = estimate_of(nowhere, regions={"gcp": "africa-south1"})

        assert found.after == pytest.approx(18.664)
        assert not any("region" in note for note in found.notes)

    def test_a_price_of_another_region_is_told(self) -> None:
        redis = change("google_redis_instance", "r", {"memory_size_gb": 1, "region": "europe-west1"})

        assert any("another region's rate" in note for note in estimate_of(redis).notes)


def test_a_side_can_be_priced_as_if_it_were_otherwise() -> None:
    planned = read(plan(disk("d")))
    resource = planned.resources[0]
    components = price_side(resource, {**SMALL, "type": "pd-ssd"}, planned, open_book())

    assert components is not None
    assert [part.monthly for part in components] == [17]
    assert price_side(replace(resource, type="google_new_thing"), SMALL, planned, open_book()) is None
    assert price_side(replace(resource, type="random_id"), SMALL, planned, open_book()) == ()


def test_dates_are_those_of_the_prices_that_were_used() -> None:
    assert estimate_of(disk("d")).as_of == "2026-07"
    assert (
        estimate_of(disk("d"), change("google_redis_instance", "r", {"memory_size_gb": 5})).as_of
        == "2024-06 to 2026-07"
    )


def test_every_kind_is_found_by_its_cloud() -> None:
    merged = kinds.kinds()

    assert all(kinds.kind_of(kind) is merged[kind] for kind in merged)
    assert {kind.partition("_")[0] for kind in merged} <= {"aws", "google", "azurerm", "azuread"}
    assert kinds.kind_of("nothing") is None


SIZES = st.floats(0, 1e6) | st.integers(0, 10**6) | st.none()
CHANGES = st.builds(
    disk, st.sampled_from("abcdefghij"), SIZES, st.sampled_from(["us-central1-a", "europe-west1-b"])
) | (
    st.builds(
        lambda name, old, new: change(
            DISK, name, new and {**SMALL, "size": new}, {**LARGE, "size": old} if old is not None or not new else None
        ),
        st.sampled_from("klmnop"),
        SIZES,
        SIZES,
    )
    | st.builds(
        change, st.sampled_from(["google_new_thing", "google_pubsub_topic"]), st.sampled_from("xyz"), st.just({})
    )
)


def money(cost: ResourceCost) -> tuple[object, ...]:
    return cost.resource.address, cost.status, cost.before, cost.after


class TestProperties:
    @settings(max_examples=60, deadline=None)
    @given(changes=st.lists(CHANGES, max_size=8))
    def test_totals_are_the_sums_of_their_parts_and_unknown_is_in_none(self, changes: list[dict[str, Any]]) -> None:
        found = estimate_of(*changes)

        assert found.diff == pytest.approx(found.after - found.before, abs=1e-6)
        for total, side in ((found.before, "before"), (found.after, "after")):
            known = [getattr(each, side) for each in found.resources if getattr(each, side) is not None]
            assert total == pytest.approx(math.fsum(known), abs=1e-5)
        for each in found.resources:
            if each.status is CostStatus.PRICED and each.after is not None:
                assert each.after == pytest.approx(math.fsum(part.monthly or 0 for part in each.components), abs=1e-5)
            if each.status in (CostStatus.UNKNOWN, CostStatus.USAGE):
                assert each.after is None
        assert sum(found.counts.values()) == len(found.resources)

    @settings(max_examples=40, deadline=None)
    @given(changes=st.lists(CHANGES, max_size=6), more=SIZES)
    def test_a_further_resource_never_lowers_the_cost(self, changes: list[dict[str, Any]], more: float | None) -> None:
        fewer, further = estimate_of(*changes), estimate_of(*changes, disk("further", more))

        assert further.after >= fewer.after
        assert further.before == fewer.before

    @settings(max_examples=30, deadline=None)
    @given(changes=st.lists(CHANGES, max_size=8, unique_by=lambda each: each["address"]), seed=st.integers())
    def test_the_order_does_not_matter(self, changes: list[dict[str, Any]], seed: int) -> None:
        found = estimate_of(*changes)
        Random(seed).shuffle(changes)  # noqa: S311 - a test's chance, no secret
        shuffled = estimate_of(*changes)

        assert (shuffled.before, shuffled.after, shuffled.usage) == (found.before, found.after, found.usage)
        assert sorted(map(money, shuffled.resources), key=str) == sorted(map(money, found.resources), key=str)

    @settings(max_examples=20, deadline=None)
    @given(count=st.integers(0, 40), size=st.integers(1, 10**6))
    def test_so_many_cost_so_many_times_one(self, count: int, size: int) -> None:
        each = estimate_of(disk("one", size)).after
        many = [disk("many", size) | {"address": f"{DISK}.many[{index}]", "index": index} for index in range(count)]

        assert estimate_of(*many).after == pytest.approx(count * each, rel=1e-9)

    @settings(max_examples=80, deadline=None)
    @given(changes=JSON | st.lists(JSON), sides=st.tuples(JSON, JSON, JSON))
    def test_nothing_raises_whatever_a_plan_says(self, changes: object, sides: tuple[object, object, object]) -> None:
        before, after, unknown = sides
        odd = change("google_compute_instance", "i", {}) | {
            "change": {"actions": ["update"], "before": before, "after": after, "after_unknown": unknown}
        }
        for entries in (changes, [odd, changes]):
            found = estimate(read({"resource_changes": entries, "planned_values": changes}), open_book())
            assert math.isfinite(found.diff)


def test_values_that_are_nested_without_end_do_not_end_the_estimate() -> None:
    deep: dict[str, Any] = {}
    for _ in range(3000):
        deep = {"x": deep}
    document = plan(change(DISK, "d", {**SMALL, "labels": deep}, {**SMALL, "labels": {"x": deep}}), disk("e"))

    assert estimate(read(document), open_book()).after == 8


def test_an_hour_is_one_of_730() -> None:
    address = estimate_of(change("google_compute_address", "a", {"region": "us-central1"})).resources[0]

    assert HOURS == 730
    assert address.after == 7.3
