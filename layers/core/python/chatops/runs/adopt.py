"""What an interrupted run made in the guild's cloud and could not write down, for the next plan to import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chatops.domain.adoption import CloudObject, Owner, adoptable, blocks, kinds
from chatops.domain.runs import Run


class Inventory(Protocol):
    """Asks a guild's cloud what a deployment owns there."""

    def __call__(
        self, owner: Owner, kinds: frozenset[str], region: str, credentials: Mapping[str, Any]
    ) -> list[CloudObject]:
        """The objects of these kinds that are, or may be, the owner's; what the keys may not see is left out.

        Raises:
            OutsideError: the cloud did not answer.
        """
        ...


@dataclass(frozen=True)
class Orphans:
    """Import ids by address (`HandOver.orphans`); a provider without an inventory has none.

    `say` gets what a person should look at.
    """

    inventories: Mapping[str, Inventory]
    blueprint_files: Callable[[str], Mapping[str, bytes]]
    say: Callable[[str], None]

    def __call__(self, run: Run, credentials: Mapping[str, Any]) -> Mapping[str, str]:
        """What of the run's deployment exists, whether it is in the state already or not."""
        inventory = self.inventories.get(run.provider)
        if inventory is None:
            return {}
        owner, declared = Owner(run.guild_id, run.deployment), blocks(self.blueprint_files(run.blueprint))
        found, remarks = adoptable(inventory(owner, kinds(declared), run.region, credentials), owner, declared)
        for remark in remarks:
            self.say(f"run {run.id}: {remark}")
        return found
