"""Deployments and their locks in DynamoDB."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chatops.adapters.dynamodb import Change, Item, Table
from chatops.domain.deployments import Deployment, Lock
from chatops.errors import ConflictError

_JSON = ("variables", "outputs", "cost")


class DynamoDeploymentStore:
    """`DeploymentStore` over the deployments table; a lock is the attribute `lock` of its row."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, guild_id: str, name: str) -> Deployment | None:
        """See DeploymentStore."""
        item = self._table.get({"guild_id": guild_id, "name": name})
        return _deployment(item) if item else None

    def of_guild(self, guild_id: str) -> Sequence[Deployment]:
        """See DeploymentStore."""
        return [_deployment(item) for item in self._table.query("guild_id", guild_id)]

    def acquire(self, deployment: Deployment, run_id: str, user_id: str, now: int) -> Lock:
        """See DeploymentStore."""
        item = self._table.update(
            _key(deployment.guild_id, deployment.name),
            Change(
                set={
                    "lock": {"run_id": run_id, "user_id": user_id, "since": now},
                    "blueprint": deployment.blueprint,
                    "provider": deployment.provider,
                    "project_id": deployment.project_id,
                    "region": deployment.region,
                    "last_run_id": run_id,
                },
                add={"fence": 1},
                copied={"previous_run_id": "last_run_id"},
                when="attribute_not_exists({lock})",
            ),
        )
        return _lock(item)

    def release(self, guild_id: str, name: str, run_id: str, *, began: bool = True) -> bool:
        """See DeploymentStore."""
        key, holder = _key(guild_id, name), {"run": run_id}
        try:
            if self._is_new(guild_id, name):
                self._table.delete(key, when=_HELD, expect=holder)
            else:
                copied = {} if began else {"last_run_id": "previous_run_id"}
                self._table.update(key, Change(copied=copied, remove=("lock",), when=_HELD, expect=holder))
        except ConflictError:
            return False
        return True

    def _is_new(self, guild_id: str, name: str) -> bool:
        found = self.get(guild_id, name)
        return found is not None and found.status == "new"

    def record(self, guild_id: str, name: str, run_id: str, changes: Mapping[str, Any]) -> None:
        """See DeploymentStore."""
        plain = {key: json.dumps(value) if key in _JSON else value for key, value in changes.items()}
        self._table.update(_key(guild_id, name), Change(set=plain, when=_HELD, expect={"run": run_id}))

    def forget(self, guild_id: str, name: str, run_id: str) -> None:
        """See DeploymentStore."""
        self._table.delete(_key(guild_id, name), when=_HELD, expect={"run": run_id})


_HELD = "{lock.run_id} = :run"


def _key(guild_id: str, name: str) -> Item:
    return {"guild_id": guild_id, "name": name}


def _lock(item: Item) -> Lock:
    lock = item["lock"]
    return Lock(
        run_id=lock["run_id"],
        fence=int(item.get("fence", 0)),
        user_id=lock["user_id"],
        since=int(lock["since"]),
        previous_run_id=item.get("previous_run_id", ""),
        unsaved_run_id=item.get("unsaved_run_id", ""),
    )


def _deployment(item: Item) -> Deployment:
    return Deployment(
        guild_id=item["guild_id"],
        name=item["name"],
        blueprint=item.get("blueprint", ""),
        variables=json.loads(item.get("variables", "{}")),
        provider=item.get("provider", "none"),
        project_id=item.get("project_id", ""),
        region=item.get("region", ""),
        status=item.get("status", "new"),
        fence=int(item.get("fence", 0)),
        lock=_lock(item) if item.get("lock") else None,
        outputs=json.loads(item.get("outputs", "{}")),
        cost=json.loads(item.get("cost", "{}")),
        updated_by=item.get("updated_by", ""),
        updated_at=int(item.get("updated_at", 0)),
        last_run_id=item.get("last_run_id", ""),
        unsaved_run_id=item.get("unsaved_run_id", ""),
    )
