import hashlib
import json

import pytest

from chatops.domain.progress import ProgressIndex
from chatops.errors import ConflictError
from chatops.runs.explain import PlanMissing, explain
from chatops.terraform.plan import PlanFormatError
from tests.fakes.outside import InMemoryArtefacts
from tests.fakes.runs import NOW, a_run, plan_json, planning
from tests.fakes.stores import InMemoryRunStore

RUN = planning()


def world(plan: bytes | None, saved: bytes | None = b"saved plan") -> tuple[InMemoryRunStore, InMemoryArtefacts]:
    artefacts = InMemoryArtefacts()
    for name, body in (("plan.json", plan), ("plan.tfplan", saved)):
        if body is not None:
            artefacts.put(RUN.artefact(name), body)
    return InMemoryRunStore(RUN), artefacts


def test_the_facts_the_hash_of_the_saved_plan_and_the_index_are_kept() -> None:
    runs, artefacts = world(plan_json(("null_resource.a", "create"), ("null_resource.b", "delete")))

    assert explain(runs, artefacts, RUN.id) is True

    stored = runs.runs[RUN.id]
    assert (stored.plan["add"], stored.plan["destroy"], stored.plan["total"]) == (1, 1, 2)
    assert stored.plan["destroyed"] == ["null_resource.b"]
    assert stored.plan_sha256 == hashlib.sha256(b"saved plan").hexdigest()
    index = ProgressIndex.from_bytes(artefacts.objects[RUN.artefact("index.json.gz")])
    assert [operation.address for operation in index.operations] == ["null_resource.a", "null_resource.b"]


def test_a_plan_without_changes_is_told_apart() -> None:
    runs, artefacts = world(plan_json(("null_resource.a", "no-op")))

    assert explain(runs, artefacts, RUN.id) is False


def test_a_plan_that_changes_outputs_only_is_a_change() -> None:
    document = json.loads(plan_json()) | {"output_changes": {"url": {"actions": ["create"]}}}
    runs, artefacts = world(json.dumps(document).encode())

    assert explain(runs, artefacts, RUN.id) is True
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
