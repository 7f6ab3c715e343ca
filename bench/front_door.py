"""What the front door costs above its floor: the bare signature check, and importing PyNaCl alone.

Run: .venv/bin/python bench/front_door.py. Prints medians and ratios of one run; machines are noisy, so compare ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from nacl.signing import SigningKey

KEY = SigningKey.generate()
os.environ["DISCORD_PUBLIC_KEY"] = KEY.verify_key.encode().hex()

from functions.interactions import app  # noqa: E402 - reads the key when it is imported

ROUNDS, IMPORTS = 2000, 9
APPLICATION, GUILD, PERSON = "1061000000000000900", "1061000000000000001", "1061000000000000200"


def body(interaction_type: int, data: object = None) -> bytes:
    snowflake = str(int(time.time() * 1000 - 1420070400000) << 22)
    member = {"user": {"id": PERSON, "username": "bench"}, "permissions": "0", "roles": []}
    payload = {"id": snowflake, "type": interaction_type, "application_id": APPLICATION, "token": "t" * 200}
    return json.dumps(payload | {"guild_id": GUILD, "channel_id": GUILD, "member": member, "data": data}).encode()


def event(raw: bytes) -> dict[str, object]:
    timestamp = str(int(time.time()))
    signature = KEY.sign(timestamp.encode() + raw).signature.hex()
    headers = {"x-signature-ed25519": signature, "x-signature-timestamp": timestamp, "content-type": "application/json"}
    context = {"http": {"method": "POST", "path": "/interactions"}}
    return {"version": "2.0", "rawPath": "/interactions", "headers": headers, "requestContext": context,
            "body": raw.decode(), "isBase64Encoded": False}  # fmt: skip


def median_us(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def import_ms(statement: str) -> float:
    times = []
    for _ in range(IMPORTS):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e3


def main() -> None:
    options = [{"name": "blueprint", "type": 3, "value": "aws/w", "focused": True}]
    cases = {"PING": body(1), "autocomplete": body(4, {"name": "cloud-deploy-v2", "options": options})}
    for name, raw in cases.items():
        request = event(raw)
        message = str(int(time.time())).encode() + raw
        signature = KEY.sign(message).signature
        assert app.handler(request, None)["statusCode"] == 200
        floor = median_us(lambda message=message, signature=signature: KEY.verify_key.verify(message, signature))
        ours = median_us(lambda request=request: app.handler(request, None))
        print(f"{name:13} {ours:7.0f} us   floor (verify) {floor:7.0f} us   ratio {ours / floor:.2f}")
    nothing = import_ms("pass")
    floor = import_ms("import nacl.signing") - nothing
    ours = import_ms("import functions.interactions.app") - nothing
    print(f"{'cold import':13} {ours:7.0f} ms   floor (PyNaCl) {floor:7.0f} ms   ratio {ours / floor:.2f}")


if __name__ == "__main__":
    main()
