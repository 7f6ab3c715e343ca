"""Write vectors.json: Ed25519 signatures, honest and crafted, made with our own arithmetic (RFC 8032, section 5.1).

    python tests/vectors/ed25519/generate.py

Crafted ones are those on which verifiers are known to differ: points of small or mixed order, encodings that are not
canonical, scalars that are not reduced. What is signed is the timestamp 1700000000 and the body. `expect` is what the
front door must say:

    accept   the signature is good
    refuse   it is not
    no-key   the public key itself is refused at start-up
    either   only the holder of the private key can make it, and versions of libsodium differ; it must not raise
"""

import hashlib
import json
from pathlib import Path

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

# Discord signs the timestamp and the body in one.
TIMESTAMP = b"1700000000"

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """The sum of two points of the curve -x² + y² = 1 + d·x²·y²."""
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def multiply(scalar: int, point: Point) -> Point:
    """The point, `scalar` times."""
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def point_with(y: int, odd: bool) -> Point | None:
    """The point with that y and an odd or even x, if there is one."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return None
    return (x if x % 2 == odd else -x % P), y


def encode(point: Point, lift: int = 0) -> bytes:
    """The point as 32 bytes; a `lift` of P makes the encoding non-canonical."""
    x, y = point
    return (y + lift | (x & 1) << 255).to_bytes(32, "little")


def scalar_of(*parts: bytes) -> int:
    """SHA-512 of the parts as a scalar."""
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def base_point() -> Point:
    """The standard generator: y = 4/5, x even."""
    point = point_with(4 * pow(5, -1, P) % P, odd=False)
    assert point is not None
    return point


def torsion_points() -> list[Point]:
    """The eight points of small order."""
    y = 2
    while True:
        point = point_with(y, odd=False)
        generator = multiply(L, point) if point else IDENTITY
        if multiply(4, generator) != IDENTITY:
            return [multiply(k, generator) for k in range(8)]
        y += 1


BASE = base_point()
TORSION = torsion_points()


class Key:
    """A key pair from a label."""

    def __init__(self, label: str) -> None:
        digest = hashlib.sha512(hashlib.sha256(label.encode()).digest()).digest()
        self.secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        self.prefix = digest[32:]
        self.public = encode(multiply(self.secret, BASE))

    def sign(self, message: bytes) -> bytes:
        """An honest signature."""
        nonce = scalar_of(self.prefix, message)
        commitment = encode(multiply(nonce, BASE))
        return commitment + self.answer(nonce, commitment, message).to_bytes(32, "little")

    def answer(self, nonce: int, commitment: bytes, message: bytes) -> int:
        """S = r + h·a."""
        return (nonce + scalar_of(commitment, self.public, message) * self.secret) % L


Vector = dict[str, str]


def vector(name: str, expect: str, public: bytes, message: bytes, signature: bytes) -> Vector:
    """One entry of the file."""
    return {
        "name": name,
        "expect": expect,
        "public_key": public.hex(),
        "body": message.removeprefix(TIMESTAMP).hex(),
        "signature": signature.hex(),
    }


def honest(key: Key) -> list[Vector]:
    """Good signatures over messages of several lengths, and the same ones spoilt."""
    vectors = []
    for size in (0, 1, 63, 64, 127, 128, 1000):
        message = TIMESTAMP + hashlib.shake_256(str(size).encode()).digest(size)
        good = key.sign(message)
        vectors.append(vector(f"honest signature over {size} bytes", "accept", key.public, message, good))
        vectors.append(vector(f"one byte more than the {size} signed", "refuse", key.public, message + b"\0", good))
        other = Key("another key").public
        vectors.append(vector(f"another key's signature over {size} bytes", "refuse", other, message, good))
    return vectors


def spoilt_bits(key: Key) -> list[Vector]:
    """A good signature with one bit turned, in each of a few places of R and S."""
    message, vectors = TIMESTAMP + b"one bit", []
    good = key.sign(message)
    for bit in (0, 7, 100, 254, 255, 256, 263, 400, 508, 509, 510, 511):
        turned = (int.from_bytes(good, "little") ^ (1 << bit)).to_bytes(64, "little")
        vectors.append(vector(f"bit {bit} of the signature turned", "refuse", key.public, message, turned))
    return vectors


def unreduced_scalars(key: Key) -> list[Vector]:
    """The same S plus multiples of the group's order: equal in the group, but a second signature of one message."""
    message = TIMESTAMP + b"malleable"
    good = key.sign(message)
    commitment, scalar = good[:32], int.from_bytes(good[32:], "little")
    vectors = [
        vector(f"S + {times}L", "refuse", key.public, message, commitment + (scalar + times * L).to_bytes(32, "little"))
        for times in (1, 2, 7, 14)
    ]
    for name, wrong in (("0", 0), ("L", L), ("L - 1", L - 1), ("2^256 - 1", 2**256 - 1), ("-S", L - scalar)):
        spoilt = commitment + wrong.to_bytes(32, "little")
        vectors.append(vector(f"S = {name}", "refuse", key.public, message, spoilt))
    return vectors


def small_order_keys() -> list[Vector]:
    """Public keys for which R = S·B - h·A comes out right without a private key: refused at start-up."""
    vectors = []
    for index, torsion in enumerate(TORSION):
        public, message = encode(torsion), TIMESTAMP + b"no private key needed"
        for other, point in enumerate(TORSION):
            signature = encode(point) + bytes(32)
            vectors.append(vector(f"A of small order {index}, R {other}, S = 0", "no-key", public, message, signature))
    return vectors


def strange_keys(key: Key) -> list[Vector]:
    """Public keys of mixed order, off the curve, or not canonically encoded."""
    message, vectors = TIMESTAMP + b"strange key", []
    point = multiply(key.secret, BASE)
    for index, torsion in enumerate(TORSION[1:], 1):
        public = encode(add(point, torsion))
        vectors.append(vector(f"A of mixed order {index}", "no-key", public, message, key.sign(message)))
    for index, torsion in enumerate(TORSION):
        if torsion[1] + P < 2**255:
            public = encode(torsion, lift=P)
            vectors.append(vector(f"A {index} not canonical", "no-key", public, message, encode(torsion) + bytes(32)))
    off_curve = next(y for y in range(2, 100) if point_with(y, odd=False) is None)
    vectors.append(vector("A off the curve", "no-key", off_curve.to_bytes(32, "little"), message, key.sign(message)))
    vectors.append(vector("A = 2^256 - 1", "no-key", b"\xff" * 32, message, key.sign(message)))
    return vectors


def strange_commitments(key: Key) -> list[Vector]:
    """A good key, and an R that is of small or mixed order, or not canonical."""
    message, vectors = TIMESTAMP + b"strange commitment", []
    nonce = scalar_of(b"nonce", message)
    for index, torsion in enumerate(TORSION):
        small = encode(torsion)
        signature = small + key.answer(0, small, message).to_bytes(32, "little")
        vectors.append(vector(f"R of small order {index}, fitting S", "either", key.public, message, signature))
        vectors.append(vector(f"R of small order {index}, S = 0", "refuse", key.public, message, small + bytes(32)))
        if index:
            mixed = encode(add(multiply(nonce, BASE), torsion))
            signature = mixed + key.answer(nonce, mixed, message).to_bytes(32, "little")
            vectors.append(vector(f"R of mixed order {index}", "either", key.public, message, signature))
    lifted = encode(IDENTITY, lift=P)
    signature = lifted + key.answer(0, lifted, message).to_bytes(32, "little")
    vectors.append(vector("R not canonical", "either", key.public, message, signature))
    return vectors


def all_vectors() -> list[Vector]:
    """Every vector, in the file's order."""
    key = Key("cloud chatops test vectors")
    return [
        *honest(key),
        *spoilt_bits(key),
        *unreduced_scalars(key),
        *small_order_keys(),
        *strange_keys(key),
        *strange_commitments(key),
    ]


if __name__ == "__main__":
    Path(__file__).with_name("vectors.json").write_text(json.dumps(all_vectors(), indent=1) + "\n")
