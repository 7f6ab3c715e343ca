"""A killed build's half-made cloud, taken up again: real Terraform, the real runner, kill -9, an emulated account."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chatops import bootstrap
from chatops.blueprints import Catalogue
from chatops.domain.adoption import blocks, kinds
from chatops.domain.runs import Run
from sandbox import processes, tools
from sandbox.emulator import ACCOUNT, GUILD_ACCOUNT, REGION, Emulator
from tests.unit.runner.conftest import REPOSITORY, Control, bundle_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

GUILD = "123456789012345678"
STATES = "adoption-states"
CATALOGUE = Catalogue.load(REPOSITORY / "blueprints")


class Deployment:
    """One deployment in the guild's account; each phase of it is a runner process of its own."""

    def __init__(
        self, emulator: Emulator, environment: Mapping[str, str], folder: Path, blueprint: str, name: str
    ) -> None:
        self.emulator = emulator
        self.control = Control()
        self.blueprint, self.name = blueprint, name
        self._folder = folder
        self._environment = {**environment, "PATH": os.environ["PATH"], "TMPDIR": str(folder)}
        self._phases = 0

    @property
    def state_key(self) -> str:
        return f"{GUILD}/{self.name}/terraform.tfstate"

    def start(self, phase: str, **changes: Any) -> subprocess.Popen[str]:
        """A build of its own, up to the moment in which it works."""
        self._phases += 1
        folder = self._folder / f"{self.name}-{self._phases}"
        for name, body in CATALOGUE.files(self.blueprint).items():
            path = folder / "blueprint" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        (folder / "runner").symlink_to(REPOSITORY / "runner")
        if lock := self.control.uploads.get("lock_file"):
            (folder / "blueprint" / ".terraform.lock.hcl").write_bytes(lock)
        if phase != "plan":
            plan = self.control.downloads["/plan"] = self.control.uploads["plan"]
            changes["plan_sha256"] = hashlib.sha256(plan).hexdigest()
        key = {"secret_access_key": "sandbox", "session_token": None}
        values = {"aws_access_key_id": GUILD_ACCOUNT, "aws_secret_access_key": "sandbox"}
        bundle = bundle_of(
            self.control.url,
            phase=phase,
            variables={"deployment": self.name, "guild_id": GUILD, "project_id": GUILD_ACCOUNT},
            backend={"bucket": STATES, "key": self.state_key, "region": REGION, "use_lockfile": True},
            state_credentials={"access_key_id": ACCOUNT, **key},
            credentials={"provider": "aws", "region": REGION, "project_id": GUILD_ACCOUNT, "values": values},
            **changes,
        )
        (folder / "bundle.json").write_text(json.dumps(bundle))
        return subprocess.Popen(
            [sys.executable, "-I", str(folder / "runner"), str(folder)],
            env={**self._environment, "CHATOPS_URL": self.control.url, "RUN_ID": bundle["run_id"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, phase: str, **changes: Any) -> str:
        """A whole phase that must succeed; its log."""
        process = self.start(phase, **changes)
        try:
            output, _ = process.communicate(timeout=120)
        finally:
            processes.kill_session(process.pid)
        assert process.returncode == 0, output
        return output

    def kill(self, process: subprocess.Popen[str], when: Callable[[], object]) -> None:
        """kill -9 of a whole build as soon as something is so."""
        end = time.monotonic() + 60
        try:
            while not when():
                assert process.poll() is None and time.monotonic() < end, process.communicate()[0]
                time.sleep(0.05)
        finally:
            processes.kill_session(process.pid)
            process.communicate()

    def orphans(self) -> dict[str, str]:
        """What the control plane finds, as it goes into the next bundle."""
        run = Run("0" * 16, GUILD, self.name, self.blueprint, False, "1", 0, "2", 1, provider="aws", region=REGION)
        values = {"aws_access_key_id": GUILD_ACCOUNT, "aws_secret_access_key": "sandbox"}
        return dict(bootstrap.orphans(CATALOGUE)(run, values))

    def planned(self) -> dict[str, list[str]]:
        """What the plan that was handed in does, by address; without what it leaves alone."""
        changes = {each["address"]: each["change"]["actions"] for each in self._changes()}
        return {address: actions for address, actions in changes.items() if actions != ["no-op"]}

    def declared(self) -> frozenset[str]:
        return blocks(CATALOGUE.files(self.blueprint))

    def without_address(self) -> list[str]:
        """What could have tags, by the provider's own schema, and is not planned with its address in them."""
        return [
            each["address"]
            for each in self._changes()
            if "tags" in each["change"]["after"] | each["change"]["after_unknown"]
            and each["change"]["after"].get("tags", {}).get("Resource") != each["address"]
        ]

    def _changes(self) -> list[dict[str, Any]]:
        plan = json.loads(self.control.uploads["plan_json"])
        return [each for each in plan["resource_changes"] if each["mode"] == "managed"]

    @property
    def bucket(self) -> str:
        """Its bucket's name, by the rule of blueprints/README.md."""
        return f"{self.name}-{GUILD}-{hashlib.sha256(GUILD_ACCOUNT.encode()).hexdigest()[:8]}"

    def stale_lock(self) -> str:
        return str(
            json.loads(self._states().get_object(Bucket=STATES, Key=f"{self.state_key}.tflock")["Body"].read())["ID"]
        )

    def forget_state(self) -> None:
        """As if the build had died before the state was saved for the first time."""
        self._states().delete_object(Bucket=STATES, Key=self.state_key)

    def exists(self) -> Counter[str]:
        """How many objects of each kind the account holds; asked past the product's own code."""
        ec2, s3, sqs = (self.client(service) for service in ("ec2", "s3", "sqs"))
        instances = [one for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
        groups, addresses = ec2.describe_security_groups()["SecurityGroups"], ec2.describe_addresses()["Addresses"]
        mine = f"{self.name}-{GUILD}"
        return +Counter(
            {
                "instances": sum(_is(self.name, each) and _lives(each) for each in instances),
                "groups": sum(mine in each["GroupName"] for each in groups),
                "addresses": sum(_is(self.name, each) for each in addresses),
                "associations": sum(_is(self.name, each) and "AssociationId" in each for each in addresses),
                "buckets": sum(each["Name"].startswith(mine) for each in s3.list_buckets()["Buckets"]),
                "queues": len(sqs.list_queues(QueueNamePrefix=mine).get("QueueUrls", [])),
            }
        )

    def client(self, service: str) -> Any:
        """In the guild's account."""
        return self.emulator.client(service, GUILD_ACCOUNT)

    def _states(self) -> Any:
        return self.emulator.client("s3")


WEB_APP = Counter(instances=1, groups=1, addresses=1, associations=1, buckets=1, queues=1)


def _is(name: str, each: Mapping[str, Any]) -> bool:
    return {"Key": "Deployment", "Value": name} in each.get("Tags", [])


def _lives(instance: Mapping[str, Any]) -> bool:
    return instance["State"]["Name"] not in ("shutting-down", "terminated")


@pytest.fixture(scope="module")
def environment(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What a build of the sandbox gets, and a bucket for states."""
    emulator.client("s3").create_bucket(Bucket=STATES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tools, "RUN", tmp_path_factory.mktemp("adoption"))
        plugins = tmp_path_factory.mktemp("plugins")
        return tools.find(emulator.url).variables(emulator.url) | {"TF_PLUGIN_CACHE_DIR": str(plugins)}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, unlike pytest's: providers put Unix sockets below it, whose paths may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="adoption-") as name:
        yield Path(name)


@pytest.fixture
def deploy(
    emulator: Emulator, environment: Mapping[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], Deployment]]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    made: list[Deployment] = []

    def make(blueprint: str, name: str) -> Deployment:
        made.append(Deployment(emulator, environment, folder, blueprint, name))
        return made[-1]

    yield make
    for deployment in made:
        deployment.control.close()


def test_what_a_killed_apply_made_is_taken_up_and_nothing_is_made_twice(
    deploy: Callable[[str, str], Deployment], caplog: pytest.LogCaptureFixture
) -> None:
    """The server is being made, and the state was never saved: every object is unknown to it."""
    shop = deploy("aws/web-app", "shop")
    shop.run("plan")
    assert shop.without_address() == []
    shop.kill(shop.start("apply"), lambda: {"instances", "buckets"} <= shop.exists().keys())
    found = shop.orphans()
    assert shop.exists() == WEB_APP - Counter(associations=1)
    assert {address.partition(".")[0] for address in found} == kinds(shop.declared())
    assert caplog.messages == [], "nothing for a person to look at"

    log = shop.run("plan", stale_lock=shop.stale_lock(), adopt=found)

    assert log.count("Import successful!") == len(found)
    assert not [address for address, actions in shop.planned().items() if "delete" in actions]
    assert found.keys().isdisjoint(address for address, actions in shop.planned().items() if "create" in actions)
    shop.run("apply")
    assert shop.exists() == WEB_APP

    shop.run("plan", adopt=shop.orphans())  # all of it is in the state by now
    assert shop.planned() == {}


def test_a_destroy_after_a_crash_takes_also_what_no_state_knows(deploy: Callable[[str, str], Deployment]) -> None:
    """All was made and nothing written down; the page in the bucket cannot be imported, and goes with its bucket.

    What is gone by the time of the import, or wanted no more, is no hindrance.
    """
    site = deploy("aws/static-site", "page")
    log = site.run("plan", adopt={"aws_s3_bucket.site": site.bucket, "aws_eip.old": "eipalloc-00000001"})
    assert "aws_s3_bucket.site is left out: Cannot import non-existent remote object" in log
    assert 'aws_eip.old is left out: resource address "aws_eip.old" does not exist in the configuration' in log
    assert site.without_address() == []
    site.run("apply")
    assert site.exists() == Counter(buckets=1)
    site.forget_state()
    found = site.orphans()
    assert found.keys() == {"aws_s3_bucket.site"}

    site.run("plan", destroy=True, adopt=found)
    site.run("destroy", destroy=True)

    assert site.exists() == Counter()


def test_a_bucket_that_was_made_a_moment_before_it_would_have_got_its_tags(
    deploy: Callable[[str, str], Deployment],
) -> None:
    site = deploy("aws/static-site", "early")
    site.client("s3").create_bucket(Bucket=site.bucket)
    found = site.orphans()
    assert found == {"aws_s3_bucket.site": site.bucket}

    site.run("plan", adopt=found)
    assert "create" not in site.planned().get("aws_s3_bucket.site", [])
    site.run("apply")

    assert site.exists() == Counter(buckets=1)
    tags = site.client("s3").get_bucket_tagging(Bucket=site.bucket)["TagSet"]
    assert {"Key": "Resource", "Value": "aws_s3_bucket.site"} in tags
