"""Small plans of Google Cloud's resources, and JSON of any form."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
PROVIDER = "registry.terraform.io/hashicorp/google"


def change(
    kind: str,
    name: str,
    after: Mapping[str, Any] | None,
    before: Mapping[str, Any] | None = None,
    actions: Sequence[str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One entry of a plan's changes; what is done follows from the sides if it is not said."""
    usual = ("create",) if before is None else ("delete",) if after is None else ("update",)
    sides = {"actions": list(actions or usual), "before": before, "after": after, "after_unknown": {}}
    fields = {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name}
    return {**fields, "provider_name": PROVIDER, "change": sides, **more}


def disk(name: str, size: float | None = 100, zone: str = "us-central1-a", kind: str = "pd-standard") -> dict[str, Any]:
    """A disk that is made: 4 cents a gigabyte in us-central1."""
    return change("google_compute_disk", name, {"name": name, "type": kind, "size": size, "zone": zone})


def plan(*changes: Mapping[str, Any]) -> dict[str, Any]:
    """A plan's JSON with these changes."""
    return {"format_version": "1.2", "resource_changes": list(changes)}
