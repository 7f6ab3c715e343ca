"""Record the vectors of this folder again, with a real Terraform and no provider but the built-in one.

    python tests/vectors/terraform/record.py FOLDER [NAME ...]     TERRAFORM names another program than the packaged one

Ids, times and the order of what runs at the same time differ from one recording to the next; `expected.json`, which a
person has worked out, fits every recording. `tick-1.11.txt` is `tick.txt` recorded with Terraform 1.11.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SHIM = Path(__file__).parents[3] / "sandbox" / "terraform_shim.py"
TERRAFORM = [named] if (named := os.environ.get("TERRAFORM")) else [sys.executable, str(SHIM)]
# Nothing of the machine's own configuration, and no call home.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {
    "TF_IN_AUTOMATION": "1",
    "CHECKPOINT_DISABLE": "1",
}

NOISE = r"""printf 'aws_instance.x: Creating...\nterraform_data.dbc: Creation complete after 1s [id=1]\nReading package lists...\nError: not an error\nCompleted 90 Bytes\n'"""  # noqa: E501
MAIN = """
variable "v" { default = "%s" }
locals {
  keys = ["$${x}", "(local-exec): x", ": Creating...", "a b", "a*b", "a.b", "a/b", "a:b", "a@b", "back\\\\slash",
    "br]ack[et", "say \\"hi\\"", "ünï"]
}
resource "terraform_data" "nasty" {
  for_each = toset(local.keys)
  input    = "${each.key}${var.v}"
}
resource "terraform_data" "dbc" { triggers_replace = var.v }
resource "terraform_data" "cbd" {
  triggers_replace = var.v
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "prov" {
  triggers_replace = var.v
  provisioner "local-exec" { command = %s }
}
module "top" {
  source = "./m"
  count  = 1
}
output "o" { value = terraform_data.dbc.id }
"""
INNER = 'resource "terraform_data" "leaf" {\n  count = 2\n  input = "z"\n}\n'
TOP = 'module "in-ner" {\n  source   = "./inner"\n  for_each = toset(["x.y", "p/q"])\n}\n'


def local_exec(command: str, more: str = "") -> str:
    """A provisioner block; the command is written as HCL writes a string."""
    text = command.replace("\\", "\\\\").replace('"', '\\"')
    return f'provisioner "local-exec" {{\n    {more}command = "{text}"\n  }}'


def quoted(command: str) -> str:
    return '"' + command.replace("\\", "\\\\").replace('"', '\\"') + '"'


def big(version: str) -> dict[str, str]:
    main = MAIN.replace("%s", version, 1).replace("%s", quoted(f"{NOISE}; sleep 11"))
    return {"main.tf": main, "m/main.tf": TOP, "m/inner/main.tf": INNER}


def one(text: str) -> dict[str, str]:
    return {"main.tf": text}


FAIL = one(f"""
resource "terraform_data" "ok" {{ input = 1 }}
resource "terraform_data" "bad" {{
  for_each = toset(["k 1"])
  {local_exec("echo hello; sleep 1; exit 3")}
}}
resource "terraform_data" "slow" {{
  {local_exec("sleep 12")}
}}
resource "terraform_data" "never" {{ input = terraform_data.bad["k 1"].id }}
""")
LIES = (
    r"printf 'terraform_data.ok: Destroying... [id=1]\n\nError: quoted error\n\n"
    r"Apply complete! Resources: 9 added, 9 changed, 9 destroyed.\n'; exit 1"
)
LOUD = one(f"""
resource "terraform_data" "ok" {{ input = 1 }}
resource "terraform_data" "loud" {{
  for_each   = toset(["eu/a.b"])
  depends_on = [terraform_data.ok]
  {local_exec(LIES)}
}}
""")
READS = {
    "main.tf": """
data "terraform_remote_state" "early" {
  backend = "local"
  config  = { path = "other.tfstate" }
}
resource "terraform_data" "a" { input = data.terraform_remote_state.early.outputs.q }
data "terraform_remote_state" "late" {
  backend    = "local"
  config     = { path = "other.tfstate" }
  depends_on = [terraform_data.a]
}
resource "terraform_data" "b" { input = data.terraform_remote_state.late.outputs.q }
""",
    "other.tfstate": '{"version":4,"terraform_version":"1.5.0","serial":1,"lineage":"l","outputs":'
    '{"q":{"value":"1","type":"string"}},"resources":[]}',
}
READ_GONE = one(
    'data "terraform_remote_state" "early" {\n  backend = "local"\n  config  = { path = "missing.tfstate" }\n}\n'
)
BEFORE_SILENT = one(
    'resource "terraform_data" "keep" { input = "1" }\nresource "terraform_data" "old" { input = "1" }\n'
    'resource "terraform_data" "gone" { input = "1" }\n'
)
SILENT = one("""
resource "terraform_data" "keep" { input = "1" }
resource "terraform_data" "new" { input = "1" }
resource "terraform_data" "imp" {}
moved {
  from = terraform_data.old
  to   = terraform_data.new
}
removed {
  from = terraform_data.gone
  lifecycle { destroy = false }
}
import {
  to = terraform_data.imp
  id = "abc"
}
""")
# An import that needs a change, a move that needs one, and a forgotten object of a module.
BEFORE_ADOPT = {
    "main.tf": 'module "m" {\n  source   = "./m"\n  for_each = toset(["a.b"])\n}\n'
    'resource "terraform_data" "old" { input = "1" }\n',
    "m/main.tf": 'resource "terraform_data" "gone" { input = "1" }\n',
}
ADOPT = {
    "main.tf": """
module "m" {
  source   = "./m"
  for_each = toset(["a.b"])
}
resource "terraform_data" "new" { input = "2" }
resource "terraform_data" "imp" {
  for_each = toset(["x/y z"])
  input    = "1"
}
moved {
  from = terraform_data.old
  to   = terraform_data.new
}
removed {
  from = module.m.terraform_data.gone
  lifecycle { destroy = false }
}
import {
  to = terraform_data.imp["x/y z"]
  id = "abc"
}
""",
    "m/main.tf": "",
}


def replaced_first(trigger: str) -> dict[str, str]:
    return one(f"""
resource "terraform_data" "d" {{
  triggers_replace = "{trigger}"
  lifecycle {{ create_before_destroy = true }}
}}
""")


REFUSES = local_exec("echo refuses; exit 7", "when = destroy\n    ")
STUCK = one(f"""
resource "terraform_data" "easy" {{ input = 1 }}
resource "terraform_data" "stuck" {{
  input = terraform_data.easy.id
  {REFUSES}
}}
resource "terraform_data" "other" {{}}
""")
CONDITIONS = one("""
resource "terraform_data" "after" {
  input = 1
  lifecycle {
    postcondition {
      condition     = self.output == 2
      error_message = "It is one."
    }
  }
}
resource "terraform_data" "fine" { input = 2 }
check "health" {
  assert {
    condition     = terraform_data.fine.output == 3
    error_message = "Not three."
  }
}
""")
MANY = {
    "main.tf": """
module "group" {
  source   = "./group"
  for_each = toset(["eu/a.b", "us: c@d", "say \\"hi\\" *"])
}
resource "terraform_data" "row" { count = 80 }
""",
    "group/main.tf": 'resource "terraform_data" "item" {\n  for_each = toset([for n in range(40) : "k ${n}"])\n}\n',
}
SLEEPER = one(f"""
resource "terraform_data" "a" {{
  input = 1
  {local_exec("sleep 6")}
}}
resource "terraform_data" "b" {{ input = terraform_data.a.id }}
""")
TICK = one(f'resource "terraform_data" "slow" {{\n  {local_exec("sleep 11")}\n}}\n')


@dataclass(frozen=True)
class Scenario:
    """What is applied before, what is recorded, and with which arguments; `interrupts` are seconds after the start."""

    configuration: dict[str, str]
    before: tuple[dict[str, str], ...] = ()
    arguments: Sequence[str] = ("apply", "-auto-approve", "-no-color")
    stderr: bool = True
    interrupts: Sequence[float] = ()


APPLY = ("apply", "-auto-approve")
DESTROY = ("destroy", "-auto-approve", "-no-color")
JSON = (*APPLY, "-json")


def both(name: str, *configurations: dict[str, str], interrupts: Sequence[float] = ()) -> dict[str, Scenario]:
    """The last configuration applied, as text and as JSON."""
    *before, last = configurations
    scenario = Scenario(last, tuple(before), interrupts=interrupts)
    return {
        f"{name}.txt": scenario,
        f"{name}.jsonl": Scenario(last, tuple(before), JSON, interrupts=interrupts),
    }


SCENARIOS = {
    "create.txt": Scenario(big("1")),
    **both("change", big("1"), big("2")),
    "nochange.txt": Scenario(big("1"), (big("1"),)),
    "destroy.txt": Scenario(big("1"), (big("1"),), DESTROY),
    **both("fail", FAIL),
    "stdout-only.txt": Scenario(FAIL, stderr=False),
    "fail-color.txt": Scenario(FAIL, (FAIL,), APPLY),
    "tainted.jsonl": Scenario(FAIL, (FAIL,), JSON),
    **both("loud", LOUD),
    "loud-color.txt": Scenario(LOUD, (), APPLY),
    **both("reads", READS),
    **both("readfail", one('resource "terraform_data" "b" { input = "1" }\n'), READ_GONE),
    **both("silent", BEFORE_SILENT, SILENT),
    **both("adopt", BEFORE_ADOPT, ADOPT),
    **both("replace-create-first", replaced_first("1"), replaced_first("2")),
    "destroyfail.txt": Scenario(STUCK, (STUCK,), DESTROY),
    "destroyfail.jsonl": Scenario(STUCK, (STUCK,), ("destroy", "-auto-approve", "-json")),
    **both("conditions", CONDITIONS),
    **both("many", MANY),
    **both("interrupt", SLEEPER, interrupts=(4,)),
    "tick.txt": Scenario(TICK),
}
PLANS = frozenset({"change", "fail", "reads", "silent", "replace-create-first", "adopt"})


def terraform(folder: Path, *arguments: str, stderr: int = subprocess.STDOUT) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*TERRAFORM, *arguments], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=stderr,
        start_new_session=True, env=ENVIRONMENT,
    )  # fmt: skip


def record(scenario: Scenario, folder: Path, plan: Callable[[str], object] | None) -> str:
    """What Terraform prints for the scenario; `plan` gets the plan JSON of what is about to be applied."""
    for configuration in scenario.before:
        lay_out(configuration, folder)
        terraform(folder, *APPLY).communicate()
    lay_out(scenario.configuration, folder)
    if plan:
        terraform(folder, "plan", "-out=plan.bin").communicate()
        plan(terraform(folder, "show", "-json", "plan.bin").communicate()[0])
        (folder / "plan.bin").unlink(missing_ok=True)
    stderr = subprocess.STDOUT if scenario.stderr else subprocess.DEVNULL
    with terraform(folder, *scenario.arguments, stderr=stderr) as process:
        began = time.monotonic()
        for moment in scenario.interrupts:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            process.send_signal(signal.SIGINT)
        return process.communicate()[0]


def lay_out(configuration: dict[str, str], folder: Path) -> None:
    for old in [*folder.rglob("*.tf")]:
        old.unlink()
    for name, text in configuration.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    terraform(folder, "init", "-input=false").communicate()


def main(target: Path, names: Sequence[str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names or SCENARIOS:
        stem = name.removesuffix(".jsonl")
        plan = (target / f"{stem}.plan.json").write_text if stem in PLANS else None
        with tempfile.TemporaryDirectory() as folder:
            log = record(SCENARIOS[name], Path(folder), plan)
        (target / name).write_text(log)
        sys.stderr.write(f"{name}: {len(log)} characters\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
