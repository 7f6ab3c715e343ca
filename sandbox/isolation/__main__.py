"""`python -m sandbox isolation`: boot, attack, show."""

import os
import sys
from collections.abc import Callable

from sandbox.isolation import table
from sandbox.isolation.stage import Stage, Unfit, python_of_nobody
from sandbox.isolation.suite import play
from sandbox.running import Sandbox


def main(say: Callable[[str], None] = print) -> int:
    """Play everything on a sandbox of its own; 0 only if every attempt was made, refused and recorded."""
    try:
        python_of_nobody()
        with Sandbox(say) as sandbox, Stage(sandbox).set_up() as stage:
            report = play(stage, say)
    except Unfit as unfit:
        say(f"the isolation suite cannot be played here: {unfit}")
        return 2
    whole = os.geteuid() == 0
    if not whole:
        say("not tried: the wall between the tool and the runner; run it as root, as CodeBuild starts its builds")
    for line in table.lines(report):
        say(line)
    return 1 if report.failures or not whole else 0


if __name__ == "__main__":
    sys.exit(main())
