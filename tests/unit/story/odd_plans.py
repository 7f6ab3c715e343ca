"""What a hostile plan may say, and what no bill may have in it: shared by the tests of AWS's and of Azure's kinds."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from chatops.story.costs import Component
from chatops.story.kinds import Asked, Kind
from chatops.story.planned import read
from chatops.story.prices import open_book
from chatops.story.values import HIDDEN, Values

MARK = "@everyone-plan-text"
_NUMBERS = [-1, 0, 1, 3, 10**400, 1e300, -1e300, 1e12, 5e-324, math.nan, math.inf, "1e9999", "-5", "٣", "²", "0x10"]
_TEXTS = [MARK, f"Standard_{MARK}", MARK * 1000, HIDDEN, "", "\0", "../../etc", "%s{0}", "1.٣", "Premium_²", "_"]


def attributes(names: Collection[str], words: Collection[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Attributes of these names, in blocks within blocks, that say anything: also these words, which a cloud knows."""
    odd = st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from(_NUMBERS),
        st.sampled_from([*_TEXTS, *words]),
        st.sampled_from([*words]),
    )
    value = st.recursive(
        odd,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*names]), inner, max_size=6),
        max_leaves=25,
    )
    return st.dictionaries(st.sampled_from([*names]), value, max_size=12)


def components(
    kinds: Mapping[str, Kind],
    change: Callable[..., dict[str, Any]],
    kind: str,
    said: tuple[Mapping[str, Any], Mapping[str, Any]],
    region: str,
    other: str,
    referring: Iterable[str],
) -> tuple[Component, ...]:
    """The bill of a resource beside another one, both of which refer to both in these attributes.

    `said` is what the resource says, and what of it is known after the apply only; `change` makes an entry of a plan.
    """
    attributes, unknown = said
    entries = [change(f"{kind}.it", attributes, unknown), change(f"{other}.that", attributes)]
    refers = {name: {"references": [f"{other}.that.id", f"{kind}.it", "var.x", MARK]} for name in referring}
    configured = [
        {"address": f"{each}.{name}", "mode": "managed", "type": each, "name": name, "expressions": refers}
        for each, name in ((kind, "it"), (other, "that"))
    ]
    plan = read({"resource_changes": entries, "configuration": {"root_module": {"resources": configured}}})
    resource = plan.resources[0]
    values = Values(resource.after or {}, resource.unknown)
    return tuple(kinds[kind](Asked(resource, values, plan, open_book(), region)))


def check(found: Iterable[Component]) -> None:
    """Every number is finite and at least zero, and no word of the plan stands anywhere."""
    for each in found:
        assert each.monthly is None or (math.isfinite(each.monthly) and each.monthly >= 0), each
        assert each.quantity is None or (math.isfinite(each.quantity) and each.quantity >= 0), each
        assert each.price is None or each.price > 0, each
        if each.usage:
            assert 0 <= each.usage.low <= each.usage.medium <= each.usage.high < math.inf, each
        if each.compute:
            assert 0 <= each.compute.vcpu_hours < math.inf and 0 <= each.compute.gib_hours < math.inf, each
            assert MARK not in each.compute.machine
        assert MARK not in each.name + each.note + each.source + each.unit
