"""Azure's storage accounts, file shares and queues, and backups: billed by what is kept in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use, fixed
from chatops.story.kinds.azure_lookup import Use, unit
from chatops.story.kinds.basics import free, related, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_KEPT_GB: Use = (10, 100, 1000)  # a site's pictures, a team's documents, an archive
_MESSAGES_GB: Use = (0.1, 1, 10)  # queues are short
_OPERATIONS: Use = (1, 10, 100)  # tens of thousands: one a minute, ten, a hundred
_INSTANCES: Use = (0.5, 1, 2)  # a protected machine below 50 GB counts half, above 500 GB double
_BACKUP_GB: Use = (40, 178, 1128)  # the three sizes of machines by which the vendor bills


def _storage_account(asked: Asked) -> Iterable[Component]:
    values = asked.values
    copies = values.text("account_replication_type", "LRS").lower()
    premium = values.text("account_tier") == "Premium"
    tier = "premium" if premium else values.text("access_tier", "Hot").lower()
    if values.text("account_kind") == "FileStorage":
        yield by_use("Data at rest", unit(asked, f"files.{tier}_{_files_copies(copies)}"), *_KEPT_GB)
        return
    written = copies.removeprefix("ra")  # to read the second region costs space, not operations
    yield by_use("Capacity", unit(asked, f"blob.{tier}_{copies}"), *_KEPT_GB)
    yield by_use("Write operations", unit(asked, f"blob.write.{tier}_{written}"), *_OPERATIONS)
    yield by_use("Read operations", unit(asked, f"blob.read.{tier}"), *_OPERATIONS)


def _account(asked: Asked) -> Values:
    """The account that a share or a queue is in."""
    names = ("storage_account_id", "storage_account_name")
    found = (related(asked, name, "azurerm_storage_account") for name in names)
    return values_of(next(filter(None, found), None))


def _files_copies(copies: str) -> str:
    """Files cannot be read in the second region: they are billed as if they were not."""
    return copies.removeprefix("ra")


def _share(asked: Asked) -> Iterable[Component]:
    """A premium share is billed by its size, all others by what is in them."""
    account = _account(asked)
    tier = asked.values.text("access_tier", "TransactionOptimized")
    if account.text("account_tier") == "Premium":
        tier = "Premium"
    copies = _files_copies(account.text("account_replication_type", "LRS").lower())
    price = unit(asked, f"files.{tier.lower()}_{copies}")
    if tier == "Premium":
        return (fixed("Data at rest", asked.values.number("quota"), price),)
    little, usual, much = _KEPT_GB
    most = asked.values.number("quota") or much
    return (by_use("Data at rest", price, min(little, most), min(usual, most), min(much, most)),)


def _queue(asked: Asked) -> Iterable[Component]:
    copies = _account(asked).text("account_replication_type", "LRS").lower()
    yield by_use("Capacity", unit(asked, f"queue.{copies}"), *_MESSAGES_GB)
    yield by_use("Operations", unit(asked, "queue.operations"), *_OPERATIONS)


def _protected_machine(asked: Asked) -> Iterable[Component]:
    """Billed by the machine's size, which is known when it is backed up, and by what is kept."""
    copies = "grs"  # the default of a vault
    for vault in asked.plan.referred(asked.resource, "recovery_vault_name"):
        mode = values_of(vault).text("storage_mode_type")
        copies = {"LocallyRedundant": "lrs", "ZoneRedundant": "zrs"}.get(mode, copies)
    yield by_use("Instance backup", unit(asked, "backup.instance"), *_INSTANCES)
    yield by_use("Data stored", unit(asked, f"backup.storage.{copies}"), *_BACKUP_GB)


KINDS: dict[str, Kind] = {
    "azurerm_storage_account": _storage_account,
    "azurerm_storage_share": _share,
    "azurerm_storage_queue": _queue,
    "azurerm_backup_protected_vm": _protected_machine,
    "azurerm_recovery_services_vault": free,  # what it protects is billed (published estimates list nothing else)
}
