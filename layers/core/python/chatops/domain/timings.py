"""How long operations took in a guild's earlier runs: seconds, by names such as `aws_instance:create`."""

from collections.abc import Mapping, Sequence
from itertools import islice

Timed = Mapping[str, Sequence[int]]

KEPT_SAMPLES = 20
"""How many of the newest times are kept of each name."""
KEPT_NAMES = 300
LONGEST_NAME = 100


def remember(known: Timed, samples: Timed) -> dict[str, list[int]]:
    """What is known after one more run: the newest samples of each name, and of the names those used last."""
    fresh = {name: new for name, new in samples.items() if new and len(name) <= LONGEST_NAME}
    names = dict.fromkeys([*fresh, *known])
    return {name: [*known.get(name, ()), *fresh.get(name, ())][-KEPT_SAMPLES:] for name in islice(names, KEPT_NAMES)}
