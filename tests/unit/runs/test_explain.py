import gzip
import hashlib
import json

import pytest

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.money import Budgets
from chatops.domain.progress import ProgressIndex
from chatops.domain.runs import Status
from chatops.errors import ConflictError, OutsideError
from chatops.runs.explain import Explain, PlanMissing
from chatops.terraform.plan import PlanFormatError
from tests.fakes.outside import Faults, InMemoryArtefacts
from tests.fakes.runs import GUILD, NOW, OWNER, a_run, applying, plan_json, planning
from tests.fakes.stores import InMemoryDeploymentStore, InMemoryGuildSettings, InMemoryRunStore
from tests.fakes.story import DETAILS, STORY, Teller, silent, told_of

RUN = planning()


def world(plan: bytes | None, saved: bytes | None = b"saved plan") -> tuple[InMemoryRunStore, InMemoryArtefacts]:
    artefacts = InMemoryArtefacts()
    for name, body in (("plan.json", plan), ("plan.tfplan", saved)):
        if body is not None:
            artefacts.put(RUN.artefact(name), body)
    return InMemoryRunStore(RUN), artefacts


def explain(
    runs: InMemoryRunStore,
    artefacts: InMemoryArtefacts,
    run_id: str,
    tell: Teller | None = None,
    budgets: Budgets | None = None,
    *others: Deployment,
) -> dict[str, bool]:
    settings = InMemoryGuildSettings(**{GUILD: budgets or Budgets()})
    return Explain(runs, artefacts, InMemoryDeploymentStore(*others), settings, tell or Teller())(run_id, silent)


def test_the_facts_the_hash_of_the_saved_plan_and_the_index_are_kept() -> None:
    runs, artefacts = world(plan_json(("null_resource.a", "create"), ("null_resource.b", "delete")))

    assert explain(runs, artefacts, RUN.id) == {"changes": True, "blocked": False}

    stored = runs.runs[RUN.id]
    assert (stored.plan["add"], stored.plan["destroy"], stored.plan["total"]) == (1, 1, 2)
    assert stored.plan["destroyed"] == ["null_resource.b"]
    assert stored.plan_sha256 == hashlib.sha256(b"saved plan").hexdigest()
    index = ProgressIndex.from_bytes(artefacts.objects[RUN.artefact("index.json.gz")])
    assert [operation.address for operation in index.operations] == ["null_resource.a", "null_resource.b"]


def test_a_plan_without_changes_is_told_apart() -> None:
    runs, artefacts = world(plan_json(("null_resource.a", "no-op")))

    assert explain(runs, artefacts, RUN.id) == {"changes": False, "blocked": False}


def test_a_plan_that_changes_outputs_only_is_a_change() -> None:
    document = json.loads(plan_json()) | {"output_changes": {"url": {"actions": ["create"]}}}
    runs, artefacts = world(json.dumps(document).encode())

    assert explain(runs, artefacts, RUN.id) == {"changes": True, "blocked": False}
    assert runs.runs[RUN.id].plan["outputs_changed"] == ["url"]


@pytest.mark.parametrize(("plan", "saved"), [(None, b"x"), (b"{}", None), (None, None), (b"", b"x")])
def test_a_plan_that_is_not_there_is_named(plan: bytes | None, saved: bytes | None) -> None:
    runs, artefacts = world(plan or None, saved)

    with pytest.raises(PlanMissing, match=RUN.id):
        explain(runs, artefacts, RUN.id)


def test_an_unknown_run_has_no_plan() -> None:
    with pytest.raises(PlanMissing):
        explain(InMemoryRunStore(), InMemoryArtefacts(), "ffff")


@pytest.mark.parametrize("plan", [b"[]", b'"x"', b'{"format_version":"9.0","resource_changes":[]}', b"\xff", b"{"])
def test_a_file_that_is_no_plan_explains_nothing(plan: bytes) -> None:
    runs, artefacts = world(plan)

    with pytest.raises(ValueError):  # noqa: PT011, RUF100 - a PlanFormatError or json's own
        explain(runs, artefacts, RUN.id)
    assert runs.runs[RUN.id] == RUN


def test_an_unknown_action_is_refused_and_not_left_out() -> None:
    runs, artefacts = world(plan_json(("null_resource.a", "obliterate")))

    with pytest.raises(PlanFormatError):
        explain(runs, artefacts, RUN.id)


def test_the_facts_of_ten_thousand_long_addresses_fit_the_runs_row() -> None:
    resources = [(f'module.{"m" * 300}["{number}"].null_resource.x', "create") for number in range(10_000)]
    runs, artefacts = world(plan_json(*resources))

    explain(runs, artefacts, RUN.id)

    assert runs.runs[RUN.id].plan["add"] == 10_000
    assert len(json.dumps(dict(runs.runs[RUN.id].plan))) < 20_000


def test_a_run_that_has_ended_is_not_explained() -> None:
    runs, artefacts = world(plan_json(("null_resource.a", "create")))
    runs.runs[RUN.id] = planning(ended_at=NOW)

    with pytest.raises(ConflictError):
        explain(runs, artefacts, RUN.id)


def test_a_run_that_never_planned_says_so() -> None:
    with pytest.raises(PlanMissing):
        explain(InMemoryRunStore(a_run()), InMemoryArtefacts(), RUN.id)


def test_addresses_that_begin_alike_are_counted_apart_and_a_replacement_once() -> None:
    long = "m" * 300
    runs, artefacts = world(
        plan_json((f"{long}.a", "create"), (f"{long}.b", "create"), ("x.y", "delete"), ("x.y", "create"))
    )

    explain(runs, artefacts, RUN.id)

    plan = runs.runs[RUN.id].plan
    assert plan["addresses"] == 3
    assert plan["operations"][2] == ["x.y", "delete", "create"]


PLAN = plan_json(("null_resource.a", "create"))


def test_the_story_is_kept_with_the_run_and_its_details_beside_it() -> None:
    runs, artefacts = world(PLAN)
    teller = Teller()

    explain(runs, artefacts, RUN.id, teller)

    assert runs.runs[RUN.id].plan["story"] == STORY
    assert json.loads(gzip.decompress(artefacts.objects[RUN.artefact("story.json.gz")])) == DETAILS
    assert teller.asked == [hashlib.sha256(b"saved plan").hexdigest()]


def test_a_plan_that_cannot_be_told_goes_on_without_a_story() -> None:
    runs, artefacts = world(PLAN)

    assert explain(runs, artefacts, RUN.id, Teller(None), Budgets(0.01, 0.01, block=True)) == {
        "changes": True,
        "blocked": False,
    }
    assert runs.runs[RUN.id].plan["story"] == {} and runs.runs[RUN.id].plan["add"] == 1


def test_details_that_cannot_be_kept_cost_no_run() -> None:
    class Full(InMemoryArtefacts):
        def put(self, key: str, body: bytes) -> None:
            if key.endswith("story.json.gz"):
                raise OutsideError("writing")
            super().put(key, body)

    runs, kept = world(PLAN)
    artefacts = Full()
    artefacts.objects = kept.objects

    assert explain(runs, artefacts, RUN.id)["changes"]
    assert runs.runs[RUN.id].plan["story"] == STORY


@pytest.mark.parametrize(
    ("budgets", "over", "blocked"),
    [
        (Budgets(), [], False),
        (Budgets(11.24), [], False),
        (Budgets(11.23), ["deployment"], False),
        (Budgets(11.23, block=True), ["deployment"], True),
        (Budgets(None, 21.24, block=True), [], False),
        (Budgets(None, 21.23, block=True), ["guild"], True),
        (Budgets(5, 5, block=True), ["deployment", "guild"], True),
    ],
)
def test_the_plan_is_held_against_the_budgets_and_what_else_is_deployed(
    budgets: Budgets, over: list[str], blocked: bool
) -> None:
    runs, artefacts = world(PLAN)
    priced = {"monthly": 10.0, "counts": {"unknown": 0}}
    others = [
        Deployment(GUILD, "other", "x", status="deployed", cost=priced),
        Deployment(GUILD, RUN.deployment, "x", status="deployed", cost=priced),  # its own cost now is no other's
        Deployment("1100000000000000099", "elsewhere", "x", status="deployed", cost=priced),
    ]

    answer = explain(runs, artefacts, RUN.id, None, budgets, *others)

    assert answer == {"changes": True, "blocked": blocked}
    assert [each["budget"] for each in runs.runs[RUN.id].plan["budget"].get("over", ())] == over


@pytest.mark.parametrize(("status", "blocked"), [(Status.APPLYING, True), (Status.AWAITING, False)])
def test_a_deployment_that_grows_at_this_moment_counts_with_what_was_approved_for_it(
    status: Status, blocked: bool
) -> None:
    runs, artefacts = world(PLAN)
    growing = applying(id="bbbb000011112222", status=status, plan={"story": told_of(before=0.0, after=50.0)})
    runs.runs[growing.id] = growing
    lock = Lock(growing.id, 1, OWNER, NOW)
    other = Deployment(GUILD, "other", "x", lock=lock, last_run_id=growing.id)

    assert explain(runs, artefacts, RUN.id, None, Budgets(None, 60, block=True), other)["blocked"] is blocked


def test_a_plan_without_changes_is_never_blocked() -> None:
    runs, artefacts = world(plan_json(("null_resource.a", "no-op")))
    teller = Teller(told_of(before=0.0, after=500.0))

    assert explain(runs, artefacts, RUN.id, teller, Budgets(1, block=True)) == {"changes": False, "blocked": False}


def test_budgets_that_cannot_be_read_are_no_reason_to_go_beyond_them() -> None:
    runs, artefacts = world(PLAN)
    settings = Faults(0).wrap(InMemoryGuildSettings())

    with pytest.raises(OutsideError):
        Explain(runs, artefacts, InMemoryDeploymentStore(), settings, Teller())(RUN.id, silent)
    assert runs.runs[RUN.id] == RUN
