"""Run one phase of one run: Terraform or OpenTofu with a guild's credentials.

Started by the build, after it claimed the bundle and unpacked it in a private folder:

    python3 -I <folder>/runner <folder>

<folder>     `runner/` (this program), `blueprint/`, and `bundle.json`, which is deleted as soon as it is read
CHATOPS_URL  where heartbeats go: POST $CHATOPS_URL/runs/heartbeat (required)
RUN_ID       refused when the bundle is of another run (optional)
TERRAFORM    an executable to use instead of the pinned download: a path, or a name on PATH (optional)
EXTRA_FILES_DIR  a folder that may have a folder for each kind of credentials (aws, gcp, azure, none), whose files are
             laid beside the blueprint's; relative to <folder> (optional)
RUN_AS       the user to run the tool as, when started as root (optional)
TMPDIR       where `chatops-<run id>/` is made; it must be the same for plan and apply, a saved plan names it
also read: PATH, and what `engine.PASSED_ON` lists; nothing else reaches the tool

Standard output is the redacted log. SIGTERM, SIGINT and SIGHUP ask Terraform to finish the current resource and
give it 30 seconds. Exit codes: 0 succeeded, 1 failed, 2 cancelled, 3 timed out.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from runner.main import start

    sys.exit(start())
