"""After an interrupted run: which objects of the guild's cloud belong at which address of the deployment's state.

Terraform writes a remote state every 20 seconds and at the end. What it made since then, and what it was just making
when its build died, is known to the cloud alone. A blueprint's objects carry the default tags and, in the tag
`Resource`, their own address, so they can be found again and imported. Else the next apply would make each once more.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MANAGED_BY = "cloud-chatops"
ADDRESS_TAG = "Resource"
IDS = {
    "aws_ebs_volume": re.compile(r"vol-[0-9a-f]{8,17}"),
    "aws_eip": re.compile(r"eipalloc-[0-9a-f]{8,17}"),
    "aws_instance": re.compile(r"i-[0-9a-f]{8,17}"),
    "aws_s3_bucket": re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "aws_security_group": re.compile(r"sg-[0-9a-f]{8,17}"),
    "aws_sqs_queue": re.compile(r"https?://[a-z0-9.:-]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}"),
}
"""The types of resources that can be looked for, and the form of the id by which each is imported."""

_BLOCK = re.compile(r'^resource "([a-z0-9_]+)" "([A-Za-z_][\w-]*)"', re.MULTILINE | re.ASCII)
_ADDRESS = re.compile(r"(?P<block>(?P<kind>[a-z0-9_]+)\.[A-Za-z_][\w-]*)(?:\[[0-9]{1,4}\])?", re.ASCII)
_COUNT_INDEX = re.compile(r"\.([0-9]{1,4})$")


@dataclass(frozen=True)
class Owner:
    """Whose objects are meant: one deployment of one guild."""

    guild_id: str
    deployment: str

    @property
    def prefix(self) -> str:
        """How the names of its buckets and queues begin."""
        return f"{self.deployment}-{self.guild_id}-"

    @property
    def tags(self) -> dict[str, str]:
        """The default tags that all its objects carry."""
        return {"ManagedBy": MANAGED_BY, "Deployment": self.deployment, "Guild": self.guild_id}


@dataclass(frozen=True)
class CloudObject:
    """An object in a guild's cloud; `kind` is Terraform's type, `born` unix seconds, or 0 where nobody says."""

    kind: str
    id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    born: float = 0


def blocks(files: Mapping[str, bytes]) -> frozenset[str]:
    """The resources that a blueprint's root module declares, as `type.name`."""
    sources = [body.decode("utf-8", "replace") for name, body in files.items() if re.fullmatch(r"[^/]+\.tf", name)]
    return frozenset(".".join(match.groups()) for text in sources for match in _BLOCK.finditer(text))


def kinds(declared: Iterable[str]) -> frozenset[str]:
    """The types among these resources whose objects can be looked for."""
    return frozenset(block.partition(".")[0] for block in declared) & IDS.keys()


def adoptable(
    objects: Iterable[CloudObject], owner: Owner, declared: frozenset[str]
) -> tuple[dict[str, str], list[str]]:
    """Import ids by address, and a remark on each object that a person should look at.

    Of two objects with one address the older is taken.
    """
    at: dict[str, list[CloudObject]] = {}
    remarks = []
    for each in sorted(objects, key=lambda found: (found.born, found.id)):
        if not _belongs(each, owner):
            continue
        address = _address(each, declared)
        if address and IDS[each.kind].fullmatch(each.id):
            at.setdefault(address, []).append(each)
        else:
            remarks.append(f"{each.kind} {each.id!r} fits no resource of the blueprint")
    for address, (taken, *others) in at.items():
        remarks += [f"{address} exists more than once: {taken.id!r} is taken, {other.id!r} is not" for other in others]
    return {address: found[0].id for address, found in at.items()}, remarks


def _belongs(each: CloudObject, owner: Owner) -> bool:
    """By its tags, or a bucket by its name: S3 makes a bucket first and takes its tags in a second call."""
    if each.kind == "aws_s3_bucket" and not each.tags:
        return re.fullmatch(re.escape(owner.prefix) + "[0-9a-f]{8}", each.id) is not None
    return owner.tags.items() <= each.tags.items()


def _address(each: CloudObject, declared: frozenset[str]) -> str:
    """What the tag says, in Terraform's spelling; without a tag the only resource of that type; else nothing."""
    if ADDRESS_TAG in each.tags:
        # A tag in most services may not hold brackets: `aws_eip.web.0` stands for `aws_eip.web[0]`.
        address = _COUNT_INDEX.sub(r"[\1]", each.tags[ADDRESS_TAG])
        match = _ADDRESS.fullmatch(address)
        return address if match and match["kind"] == each.kind and match["block"] in declared else ""
    candidates = [block for block in declared if block.startswith(f"{each.kind}.")]
    return candidates[0] if len(candidates) == 1 else ""
