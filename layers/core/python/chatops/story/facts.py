"""The facts of a plan, as they are kept with its run and shown to the person who decides."""

from itertools import islice
from typing import Any

from chatops.terraform.plan import PlanFacts

SHOWN = 25
ADDRESS = 200


def plan_facts(facts: PlanFacts) -> dict[str, Any]:
    """Counts, and the first addresses of each kind; small enough for the run's row whatever the plan's size."""
    kinds: dict[str, dict[str, None]] = {}
    for operation in facts.operations:
        kinds.setdefault(operation.address, {})[operation.kind.value] = None
    return {
        "add": facts.add,
        "change": facts.change,
        "destroy": facts.destroy,
        "import": facts.import_,
        "forget": facts.forget,
        "total": facts.total,
        "destroyed": [address[:ADDRESS] for address in facts.destroyed[:SHOWN]],
        "operations": [[address[:ADDRESS], *done] for address, done in islice(kinds.items(), SHOWN)],
        "addresses": len(kinds),
        "outputs_changed": [name[:ADDRESS] for name in facts.outputs_changed[:SHOWN]],
    }
