"""The fields of an envelope by its docstring's table, read without the module's own code."""

import base64
from itertools import pairwise


def fields_of(text: str) -> dict[str, bytes]:
    """The fields in their order, by name."""
    raw = base64.b64decode(text)
    end = 81 + int.from_bytes(raw[79:81], "big")
    cuts = {"version": 0, "salt": 3, "commitment": 35, "nonce": 67, "n": 79, "edk": 81, "ciphertext": end, "": len(raw)}
    return {name: raw[start:stop] for (name, start), (_, stop) in pairwise(cuts.items())}


def text_of(fields: dict[str, bytes]) -> str:
    """The envelope that these fields make."""
    return base64.b64encode(b"".join(fields.values())).decode()


def with_a_bit_flipped(fields: dict[str, bytes], name: str, bit: int) -> dict[str, bytes]:
    """The fields with one bit of one of them the other way round."""
    changed = bytearray(fields[name])
    changed[bit // 8] ^= 1 << bit % 8
    return fields | {name: bytes(changed)}
