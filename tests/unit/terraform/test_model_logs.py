"""Logs made from a random model, wrapped, coloured, encoded, cut, shuffled and repeated: the reader finds the model."""

import json
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.domain.progress import Operation, OperationKind, unpack
from chatops.terraform.batch import read_batch
from chatops.terraform.replay import Replay

bounded = settings(max_examples=30, deadline=None)

NAMES = st.sampled_from(["web", "a-b", "_x", "this", "data", "module_a", "Ünï", "n0"])
TYPES = st.sampled_from(["aws_instance", "terraform_data", "google_x-y", "t"])
KEY_TEXTS = st.text("abz019 /.:@*-_\"\\[](){}ünï↑'#>|,=$%", max_size=12)
WORDS = {
    "create": ("Creating...", "Creation complete after", "Still creating... ["),
    "update": ("Modifying... [id=i-1]", "Modifications complete after", "Still modifying... [id=i-1, "),
    "delete": ("Destroying... [id=i-1]", "Destruction complete after", "Still destroying... [id=i-1, "),
    "read": ("Reading...", "Read complete after", "Still reading... ["),
}
LIVES = (("create",), ("update",), ("delete",), ("delete", "create"), ("create", "delete"), ("update", "delete"))
OUTPUTS = (
    "terraform_data.a: Creating...",
    "Error: not an error",
    "Apply complete! Resources: 9 added, 9 changed, 9 destroyed.",
    "Plan: 9 to add, 9 to change, 9 to destroy.",
    "Reading package lists...",
)
PREFIXES = (
    "",
    "2022-09-02T04:33:57.3294526Z ",
    "apply\tTerraform Apply\t2022-09-02T04:33:57.3294526Z ",
    "12:05:33.261 STDOUT [../live/unit-a] tofu: ",
    "[live/unit] terraform: ",
    "TestApply/eu-1 2021-02-27T01:03:51-03:00 logger.go:66: ",
    "[2023-01-01T00:00:00.000Z] ",
    "Jan 02 12:00:00 host terraform[12]: ",
    "# ",
    "    ",
    "runner-1  | ",
)
# Prefixes that no list can hold: `@` becomes the number of the line, `!` the level of its message.
UNLISTED = st.builds(
    "{}{} {}{}".format,
    st.sampled_from(["", "@ ", "  @\t", "@: "]),
    st.text("abcXYZ059[]()<>|#;=/_-.'ü", min_size=1, max_size=8),
    st.sampled_from(["", "!", "[!]", "Step #2:"]),
    st.sampled_from([" ", ": ", "   ", "\t", " | "]),
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")


def written(key: str | int) -> str:
    """A key as Terraform writes it into an address."""
    if isinstance(key, int):
        return f"[{key}]"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return f'["{escaped}"]'


KEYS = st.one_of(st.just(""), st.integers(0, 99).map(written), KEY_TEXTS.map(written))
MODULES = st.lists(st.builds("module.{}{}.".format, NAMES, KEYS), max_size=3).map("".join)
RESOURCES = st.builds("{}{}.{}{}".format, MODULES, TYPES, NAMES, KEYS)
DATA = st.builds("{}data.{}.{}{}".format, MODULES, TYPES, NAMES, KEYS)


@dataclass(frozen=True)
class Moment:
    """One line of the model's log: a start, a tick, an end or a failure of the operation `number` of an address."""

    address: str
    number: int
    kind: str
    what: str


@dataclass
class Run:
    """A history in the order of its lines; `broken` are the addresses whose last operation failed."""

    moments: list[Moment] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    chatter: list[str] = field(default_factory=list)

    def states(self, lines: int | None = None, *, told: bool) -> dict[str, list[tuple[str, str]]]:
        """What a reader of the first lines knows; `told` where the log says which operation failed."""
        found: dict[str, list[tuple[str, str]]] = {}
        for moment in self.moments[:lines]:
            ops = found.setdefault(moment.address, [])
            if moment.what == "start":
                ops.append((moment.kind, "in-progress"))
            elif moment.what == "end":
                ops[-1] = (moment.kind, "done")
            elif moment.what == "failure" and told:
                ops[-1] = (moment.kind, "failed")
        return {address: ops for address, ops in found.items() if ops}

    @property
    def counts(self) -> tuple[int, int, int]:
        return tuple(
            sum(each.kind == kind and each.what == "start" for each in self.moments)
            for kind in ("create", "update", "delete")
        )  # type: ignore[return-value]


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Addresses that live through their operations, at the same time, until each is done or has failed."""
    lives = {address: draw(st.sampled_from(LIVES)) for address in draw(st.lists(RESOURCES, unique=True, max_size=5))}
    lives |= dict.fromkeys(draw(st.lists(DATA, unique=True, max_size=2)), ("read",))
    run = Run(chatter=draw(st.lists(st.sampled_from(OUTPUTS), max_size=3)))
    queues = [_life(draw, run, address, kinds) for address, kinds in lives.items()]
    while queues:
        queue = draw(st.sampled_from(queues))
        run.moments.append(queue.pop(0))
        queues = [each for each in queues if each]
    return run


def _life(draw: st.DrawFn, run: Run, address: str, kinds: tuple[str, ...]) -> list[Moment]:
    line: list[Moment] = []
    for number, kind in enumerate(kinds):
        line.append(Moment(address, number, kind, "start"))
        line += [Moment(address, number, kind, "tick")] * draw(st.integers(0, 2))
        if draw(st.integers(0, 5)) == 0:
            run.broken.append(address)
            return [*line, Moment(address, number, kind, "failure")]
        line.append(Moment(address, number, kind, "end"))
    return line


def as_text(moment: Moment) -> str | None:
    start, end, tick = WORDS[moment.kind]
    words = {"start": start, "tick": f"{tick}10s elapsed]", "end": f"{end} 3s", "failure": None}[moment.what]
    return words and f"{moment.address}: {words}"


def as_json(moment: Moment) -> str:
    stage = {"start": "start", "tick": "progress", "end": "complete", "failure": "errored"}[moment.what]
    hook = {"resource": {"addr": moment.address}, "action": moment.kind, "id_key": "id", "id_value": "i-1"}
    return message(f"apply_{stage}", hook=hook)


def message(kind: str, **payload: object) -> str:
    time = {"@timestamp": "2026-01-01T00:00:07.000000Z"}
    return json.dumps({"@level": "info", "@message": "…", "@module": "terraform.ui", **time, "type": kind, **payload})


def text_log(run: Run, *, boxed: bool) -> list[str]:
    add, change, destroy = run.counts
    lines = [f"Plan: {add} to add, {change} to change, {destroy} to destroy."]
    lines += [line for moment in run.moments if (line := as_text(moment))]
    if run.moments:
        lines += [f"{run.moments[0].address} (local-exec): {words}" for words in run.chatter]
    for address in run.broken:
        lines += ["╷", "│ Error: boom", "│ ", f"│   with {address},", "│   on main.tf line 1:", "╵"] if boxed else []
        lines += [] if boxed else ["", "Error: boom", "", f"  with {address},", "  on main.tf line 1:", ""]
    return lines if run.broken else [*lines, summary_line(run)]


def summary_line(run: Run) -> str:
    add, change, destroy = run.counts
    return f"Apply complete! Resources: {add} added, {change} changed, {destroy} destroyed."


def json_log(run: Run) -> list[str]:
    add, change, destroy = run.counts
    changes = {"add": add, "change": change, "remove": destroy, "import": 0}
    lines = [message("change_summary", changes={**changes, "operation": "plan"}), *map(as_json, run.moments)]
    for address in run.broken:
        lines.append(message("diagnostic", diagnostic={"severity": "error", "summary": "boom", "address": address}))
    return lines if run.broken else [*lines, message("change_summary", changes={**changes, "operation": "apply"})]


def ops(document: dict) -> dict[str, list[tuple[str, str]]]:
    resources = document["resources"].items()
    return {address: [(op["kind"], op["state"]) for op in entry["ops"]] for address, entry in resources}


def expected(run: Run) -> dict[str, object]:
    add, change, destroy = run.counts
    plan = {"total": add + change + destroy, "add": add, "change": change, "destroy": destroy}
    return {
        "planned": {**plan, "import": 0, "forget": 0},
        "summary": None
        if run.broken
        else {"added": add, "changed": change, "destroyed": destroy, "imported": 0, "forgotten": 0},
        "errors": len(run.broken),
        "warnings": 0,
        "ops": run.states(told=True),
    }


def read(text: str, encoding: str = "utf-8") -> dict[str, object]:
    document = dict(Replay(text.encode(encoding)).to_json())
    found = ops(document)
    del document["resources"]
    return {**document, "ops": found}


@bounded
@given(runs())
def test_the_json_form_is_the_model(run: Run):
    assert read("\n".join(json_log(run))) == expected(run)


@bounded
@given(
    runs(),
    st.sampled_from(PREFIXES),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(ENCODINGS),
)
def test_text_in_any_wrapping_is_the_model(run: Run, prefix: str, boxed: bool, coloured: bool, end: str, encoding: str):
    lines = text_log(run, boxed=boxed)
    if coloured:
        lines = [f"\x1b[0m\x1b[1m{line}\x1b[0m\x1b[0m" for line in lines]

    assert read(end.join(prefix + line for line in lines), encoding) == expected(run)


@bounded
@given(runs(), UNLISTED, st.booleans())
def test_text_behind_a_prefix_nobody_knows_is_the_model(run: Run, prefix: str, boxed: bool):
    lines = [
        prefix.replace("@", str(number)).replace("!", "error" if "rror" in line else "info") + line
        for number, line in enumerate(text_log(run, boxed=boxed), start=7)
    ]

    assert read("\n".join(lines)) == expected(run)


@bounded
@given(runs(), st.data())
def test_a_log_cut_between_lines_tells_what_its_lines_tell(run: Run, data: st.DataObject):
    cut = data.draw(st.integers(0, len(run.moments)))
    text = "\n".join(line for moment in run.moments[:cut] if (line := as_text(moment)))

    assert read(text)["ops"] == run.states(cut, told=False)
    assert read("\n".join(map(as_json, run.moments[:cut])))["ops"] == run.states(cut, told=True)


@bounded
@given(runs(), st.data())
def test_a_log_cut_anywhere_never_tells_of_other_objects(run: Run, data: st.DataObject):
    text = "\n".join(text_log(run, boxed=True))
    cut = data.draw(st.integers(0, len(text)))
    whole = run.states(told=True)

    for address, found in read(text[:cut])["ops"].items():
        assert [kind for kind, _ in found] == [kind for kind, _ in whole[address]][: len(found)]


@bounded
@given(runs(), runs())
def test_two_units_in_one_log_do_not_touch_each_other(first: Run, second: Run):
    lines = [f"[unit-a] {line}" for line in text_log(first, boxed=True)]
    others = [f"[unit-b] {line}" for line in text_log(second, boxed=True)]
    alternating = [line for pair in zip(lines, others, strict=False) for line in pair]
    rest = lines[len(others) :] or others[len(lines) :]

    found = read("\n".join(alternating + rest))

    assert found["errors"] == len(first.broken) + len(second.broken)
    assert found["planned"]["total"] == sum(first.counts) + sum(second.counts)
    own, other = first.states(told=True), second.states(told=True)
    assert {address: sorted(ops) for address, ops in found["ops"].items()} == {
        address: sorted(own.get(address, []) + other.get(address, [])) for address in own.keys() | other.keys()
    }


@bounded
@given(runs(), st.randoms())
def test_shuffled_and_repeated_json_lines_give_the_models_numbers(run: Run, chance):
    lines = json_log(run)
    shuffled = lines + lines[::2]
    chance.shuffle(shuffled)

    delta = read_batch([(0, line) for line in shuffled], 0)

    def keys(what: str) -> set[int]:
        moments = (each for each in run.moments if each.what == what and each.kind != "read")
        return {Operation(each.address, OperationKind(each.kind)).key for each in moments}

    assert {unpack(number)[0] for number in delta.started} == keys("start")
    assert {unpack(number)[0] for number in delta.failed} == keys("failure")
    assert keys("end") <= {unpack(number)[0] for number in delta.done}
