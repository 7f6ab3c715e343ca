"""What stretching a passphrase costs, beside OWASP's minimum for Argon2id and scrypt, in the memory of `commands`.

Run: .venv/bin/python bench/passphrase.py (Linux). Every derivation is the first of a fresh process whose address space
is limited to the function's MemorySize. Prints medians and ratios of one run; machines are noisy, so compare ratios.
"""

import json
import resource
import statistics
import subprocess
import sys

from tests.infrastructure.template import resource as in_template

ROUNDS = 9
MEMORY = int(in_template("CommandsFunction")["MemorySize"])
MIB_OF_A_CORE = 1769  # Lambda gives a function with this much memory one core, and any other its share

KINDS = {
    "ours": """
from chatops.vault.passphrase import secret_of
work = lambda: secret_of('otter lamp gravel', {'user': '2'})
""",
    "OWASP": """
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
work = lambda: Argon2id(salt=bytes(32), length=32, iterations=2, lanes=1, memory_cost=19 * 1024).derive(b'otter')
""",
    "scrypt": """
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
work = lambda: Scrypt(salt=bytes(32), length=32, n=2**17, r=8, p=1).derive(b'otter')
""",
}
# VmHWM, because ru_maxrss of a child begins with its parent's.
MEASURED = """
import json, time
def peak():
    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')) / 1024
before, cpu, begun = peak(), time.process_time(), time.perf_counter()
work()
print(json.dumps([(time.perf_counter() - begun) * 1e3, (time.process_time() - cpu) * 1e3, peak() - before, peak()]))
"""


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY * 2**20, MEMORY * 2**20))


def once(kind: str) -> list[float]:
    """Milliseconds, milliseconds of all cores together, MiB of the derivation, MiB of the process."""
    program = [sys.executable, "-c", KINDS[kind] + MEASURED]
    done = subprocess.run(program, check=True, capture_output=True, preexec_fn=limit)
    return list(json.loads(done.stdout))


def main() -> None:
    # In turn, so that whatever else the machine does meets all three alike.
    rounds = [{kind: once(kind) for kind in KINDS} for _ in range(ROUNDS)]
    median = {
        kind: [statistics.median(values) for values in zip(*(each[kind] for each in rounds), strict=True)]
        for kind in KINDS
    }
    ours = median["ours"]
    for kind, (wall, cpu, own, _) in median.items():
        ratios = f"time {ours[0] / wall:.2f}, cores {ours[1] / cpu:.2f}, memory {ours[2] / own:.2f}"
        print(f"{kind:7} {wall:5.0f} ms   {cpu:5.0f} ms of cores   {own:6.1f} MiB   ours to this: {ratios}")
    print(f"the derivation takes {ours[2] / MEMORY:.1%} of the function's {MEMORY} MiB, the process {ours[3]:.0f} MiB")
    print(f"with {MEMORY / MIB_OF_A_CORE:.2f} of such a core it would take {ours[1] * MIB_OF_A_CORE / MEMORY:.0f} ms")


if __name__ == "__main__":
    main()
