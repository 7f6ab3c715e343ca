"""Where the sandbox keeps its things: all below `.sandbox/` in the checkout, which may be deleted at any time."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".sandbox"
BUILD = HOME / "build"
STATE = HOME / "state.json"
TERRAFORM = HOME / "bin" / "terraform"
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
RUN = Path(os.environ.get("SANDBOX_RUN") or HOME / "runs" / str(os.getpid()))
"""What belongs to one running sandbox and goes with it; the worker is told its sandbox's."""
