"""What redaction costs a line of a build's log, beside the least that could be done: every secret replaced as it is.

Run: .venv/bin/python bench/redact.py. A service account and 50 sensitive values, lines as a large apply prints them, of
which one in a thousand has a secret; a ratio of one run, since machines are noisy.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator

from runner.lines import LineSplitter
from runner.redact import LogFilter, Secrets
from runner.secret_shapes import REDACTED

LINES, CHUNK, SOME = 200_000, 65536, 20_000
SIZES = (10, 12, 16, 24, 32, 40, 64)


def random_text(seed: str, size: int) -> str:
    return base64.b64encode(hashlib.shake_128(seed.encode()).digest(size)).decode()[:size]


def secrets() -> list[str]:
    rows = [random_text(f"pem {row}", 64) for row in range(26)]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *rows, "-----END PRIVATE KEY-----", ""])
    key_id = hashlib.sha1(b"id", usedforsecurity=False).hexdigest()
    return [pem, key_id, *(random_text(f"value {place}", SIZES[place % len(SIZES)]) for place in range(50))]


def message(number: int, known: list[str]) -> str:
    address = f'module.network["eu-{number % 7}"].aws_subnet.private[{number}]'
    resource = {
        "addr": address, "module": f'module.network["eu-{number % 7}"]', "resource": f"aws_subnet.private[{number}]",
        "resource_type": "aws_subnet", "resource_name": "private", "resource_key": number,
    }  # fmt: skip
    said = f"{address}: Still creating... [{number % 90}s elapsed]" + (known[number % 52] if number % 1000 == 0 else "")
    hook = {"resource": resource, "action": "create", "elapsed_seconds": number % 90}
    whole = {"@level": "info", "@message": said, "@timestamp": "2026-11-23T00:22:38.123456Z", "hook": hook}
    return json.dumps(whole | {"type": "apply_progress"}, separators=(",", ":"))


def chunks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))


def replaced(known: list[str], data: bytes) -> int:
    """The floor: lines out of bytes, and each secret replaced where it stands as it is."""
    splitter, hits = LineSplitter(), 0
    for chunk in chunks(data):
        for line in splitter.feed(chunk):
            for secret in known:
                line = line.replace(secret, REDACTED)  # noqa: PLW2901
            hits += REDACTED in line
    return hits


def filtered(known: Secrets, data: bytes) -> int:
    stream = LogFilter(known)
    return sum(REDACTED in line for chunk in chunks(data) for line in stream.feed(chunk))


def seconds(work: Callable[[], int]) -> tuple[float, int]:
    begun = time.process_time()
    hits = work()
    return time.process_time() - begun, hits


def main() -> None:
    known = secrets()
    begun = time.process_time()
    learned = Secrets()
    learned.add_all(known, "")
    learning = time.process_time() - begun
    data = "".join(f"{message(number, known)}\n" for number in range(SOME)).encode()
    floor, bare_hits = min(seconds(lambda: replaced(known, data)) for _ in range(3))
    ours, hits = min(seconds(lambda: filtered(learned, data)) for _ in range(3))
    assert hits >= bare_hits > 0
    print(f"{len(known)} secrets learned in {learning * 1000:.0f} ms; {len(data) / SOME:.0f} bytes a line")
    print(f"floor (str.replace) {floor / SOME * 1e6:6.1f} us a line, {bare_hits} lines hit")
    print(f"LogFilter           {ours / SOME * 1e6:6.1f} us a line, {hits} lines hit, ratio {ours / floor:.2f}")
    print(f"{LINES} lines: {ours / SOME * LINES:.1f} s of one core")


if __name__ == "__main__":
    main()
