"""Every folder in blueprints/ keeps the promises of blueprints/README.md."""

import json
import re
import shutil
from pathlib import Path

import pytest

from chatops.blueprints import Catalogue
from chatops.domain import adoption
from chatops.domain.adoption import IDS, Owner
from chatops.domain.blueprints import REGIONAL, RESERVED
from tests.blueprints.terraform import terraform

ROOT = Path(__file__).parents[2] / "blueprints"
CATALOGUE = Catalogue.load(ROOT)

HCL_TYPES = {"string": "string", "integer": "number", "number": "number", "boolean": "bool"}
# What has no tags to be found by, and needs none: to make it a second time changes nothing.
REPEATABLE = {
    "aws_eip_association": "AssociateAddress of the same two is answered again",
    "aws_s3_bucket_object": "PutObject puts the same",
    "aws_s3_bucket_policy": "PutBucketPolicy puts the same",
    "aws_s3_bucket_public_access_block": "PutPublicAccessBlock puts the same",
}

each_blueprint = pytest.mark.parametrize("blueprint_id", CATALOGUE.ids())
each_aws_blueprint = pytest.mark.parametrize(
    "blueprint_id", [one for one in CATALOGUE.ids() if CATALOGUE.get(one).provider == "aws"]
)


def module_text(blueprint_id: str) -> str:
    return "\n".join(body.decode() for body in CATALOGUE.files(blueprint_id).values())


def declared_resources(blueprint_id: str) -> dict[str, str]:
    """The resources of the root module as address -> body, all that the product itself finds there."""
    blocks = re.findall(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', module_text(blueprint_id), re.MULTILINE | re.DOTALL)
    found = {f"{kind}.{name}": body for kind, name, body in blocks}
    assert found.keys() == adoption.blocks(CATALOGUE.files(blueprint_id))
    return found


def declared_variables(blueprint_id: str) -> dict[str, dict[str, str]]:
    """variables.tf as name -> argument -> its source text, which for our simple defaults is JSON as well."""
    source = (ROOT / blueprint_id / "variables.tf").read_text()
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', source, re.MULTILINE | re.DOTALL)
    return {name: dict(re.findall(r"^  (\w+) += (.+)$", body, re.MULTILINE)) for name, body in blocks}


def reserved(blueprint_id: str) -> tuple[str, ...]:
    """The variables that the control plane sets for this blueprint."""
    return RESERVED if CATALOGUE.get(blueprint_id).provider in REGIONAL else RESERVED[:3]


def test_the_blueprints_of_the_product_are_there() -> None:
    ours = {"aws/web-app", "aws/static-site", "azure/vm", "demo/countdown", "gcp/cloud-run", "gcp/vm"}
    assert ours <= set(CATALOGUE.ids())


@each_blueprint
def test_the_module_declares_the_variables_of_its_manifest(blueprint_id: str) -> None:
    declared = declared_variables(blueprint_id)
    variables = CATALOGUE.get(blueprint_id).variables

    assert list(declared) == [*reserved(blueprint_id), *(variable.name for variable in variables)]
    for variable in variables:
        assert declared[variable.name]["type"] == HCL_TYPES[variable.type], variable.name
        assert json.loads(declared[variable.name]["description"]) == variable.description


@each_blueprint
def test_the_defaults_agree(blueprint_id: str) -> None:
    declared = declared_variables(blueprint_id)
    for variable in CATALOGUE.get(blueprint_id).variables:
        default = json.loads(declared[variable.name].get("default", "null"))
        assert default == variable.default, variable.name
        assert isinstance(default, bool) == isinstance(variable.default, bool), variable.name


@each_blueprint
def test_what_the_control_plane_sets_has_no_default(blueprint_id: str) -> None:
    for name in reserved(blueprint_id):
        declared = declared_variables(blueprint_id)[name]
        assert declared["type"] == "string"
        assert "default" not in declared


@each_blueprint
def test_the_module_uses_the_deployments_name(blueprint_id: str) -> None:
    assert "var.deployment" in module_text(blueprint_id)


@each_blueprint
def test_the_module_knows_nothing_of_backends_credentials_and_emulators(blueprint_id: str) -> None:
    forbidden = (
        r'backend\s+"|endpoints|localhost|127\.0\.0\.1|ministack|localstack|emulat|sandbox'
        r"|skip_|path_style|access_key|secret_key|token\s+="
    )
    assert re.findall(forbidden, module_text(blueprint_id), re.IGNORECASE) == []


@each_blueprint
def test_the_module_asks_for_a_tool_with_the_backends_own_lock_file(blueprint_id: str) -> None:
    assert re.search(r'required_version = ">= 1\.1\d', module_text(blueprint_id))


@each_aws_blueprint
def test_an_aws_module_opens_no_remote_login(blueprint_id: str) -> None:
    assert re.findall(r"_port\s+=\s+(?:22|3389)\b", module_text(blueprint_id)) == []


@pytest.mark.parametrize("blueprint_id", ["gcp/vm", "gcp/cloud-run"])
def test_a_google_module_works_in_the_sessions_project_alone_and_labels_what_it_makes(blueprint_id: str) -> None:
    text = module_text(blueprint_id)
    (provider,) = re.findall(r'^provider "google" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)

    assert re.search(r"^  project = var\.project_id$", provider, re.MULTILINE)
    assert re.search(r"^  region  = var\.region$", provider, re.MULTILINE)
    labels = dict(re.findall(r"^    ([a-z-]+) += (.+)$", provider, re.MULTILINE))
    assert labels == {"managed-by": '"cloud-chatops"', "deployment": "var.deployment", "guild": "var.guild_id"}
    assert not re.search(r"^  (?:project|labels) +=", text.replace(provider, ""), re.MULTILINE)


def test_an_azure_module_works_in_the_sessions_subscription_alone_and_tags_what_takes_tags() -> None:
    text = module_text("azure/vm")
    (tags,) = re.findall(r"^  tags = \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
    untagged = {address for address, body in declared_resources("azure/vm").items() if "= local.tags" not in body}

    assert len(re.findall(r"^  subscription_id = var\.project_id$", text, re.MULTILINE)) == 1
    assert text.count("subscription_id") == 1
    names = {'"cloud-chatops"': "cloud-chatops", "var.deployment": "shop", "var.guild_id": "1"}
    written = dict(re.findall(r"(\w+) += (.+)", tags))
    assert {key: names[value] for key, value in written.items()} == Owner("1", "shop").tags
    assert {address.partition(".")[0] for address in untagged} == {
        "azurerm_subnet",
        "azurerm_network_security_rule",
        "azurerm_subnet_network_security_group_association",
    }


@each_aws_blueprint
def test_everything_in_an_aws_module_has_the_tags_by_which_it_is_found_again(blueprint_id: str) -> None:
    text = module_text(blueprint_id)
    (default,) = re.findall(r"^  default_tags \{\n    tags = \{\n(.*?)^    \}", text, re.MULTILINE | re.DOTALL)
    written = dict(re.findall(r"(\w+) += (.+)", default))

    names = {'"cloud-chatops"': "cloud-chatops", "var.deployment": "shop", "var.guild_id": "1"}
    assert {key: names[value] for key, value in written.items()} == Owner("1", "shop").tags


@each_aws_blueprint
def test_every_resource_of_an_aws_module_can_be_found_after_a_crash_or_made_again(blueprint_id: str) -> None:
    """tests/integration/test_adoption.py shows it, and asks the provider what can have tags."""
    resources = declared_resources(blueprint_id)
    assert resources

    for address, body in resources.items():
        kind = address.partition(".")[0]
        assert kind in IDS.keys() | REPEATABLE.keys(), f"{address}: what happens when it exists already?"
        if kind in IDS:
            index = r"\.\$\{count\.index\}" if re.search(r"^  count +=", body, re.MULTILINE) else ""
            assert re.search(rf'\bResource += "{re.escape(address)}{index}"', body), address
            assert "for_each" not in body, f"{address}: a tag cannot hold its address"


@each_blueprint
def test_only_what_belongs_to_the_module_is_in_the_folder(blueprint_id: str) -> None:
    folder = ROOT / blueprint_id
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    assert there == {*CATALOGUE.files(blueprint_id), "blueprint.toml"}


def test_everything_is_formatted() -> None:
    result = terraform(ROOT, "fmt", "-check", "-recursive", "-diff")

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_chain_has_a_link_for_every_step_and_each_waits_for_the_one_before() -> None:
    chain = json.loads((ROOT / "demo/countdown/chain.tf.json").read_text())
    links = chain["resource"]["terraform_data"]
    steps = CATALOGUE.get("demo/countdown").variable("steps")

    assert steps is not None
    assert list(links) == [f"link_{number:02}" for number in range(1, int(steps.maximum or 0) + 1)]
    for number, link in enumerate(links.values(), start=1):
        assert link["count"] == f"${{local.chain >= {number} ? 1 : 0}}"
        assert link.get("depends_on") == ([f"terraform_data.link_{number - 1:02}"] if number > 1 else None)
        assert link["provisioner"] == [{"local-exec": {"command": f"${{local.commands[{number - 1}]}}"}}]


@pytest.fixture
def countdown(tmp_path: Path) -> Path:
    folder = tmp_path / "countdown"
    shutil.copytree(ROOT / "demo/countdown", folder)
    initialised = terraform(folder, "init", "-input=false")
    assert initialised.returncode == 0, initialised.stderr
    return folder


@pytest.mark.parametrize(
    ("order", "made"),
    [
        ("parallel", ["step[0]", "step[1]", "step[2]", "step[3]"]),
        ("chain", ["link_01[0]", "link_02[0]"]),  # nothing is begun after the step that failed
    ],
)
def test_a_countdown_fails_where_it_is_asked_to(countdown: Path, order: str, made: list[str]) -> None:
    variables = {
        "deployment": "demo",
        "guild_id": "1",
        "project_id": "",
        "steps": 4,
        "seconds": 0,
        "order": order,
        "fail_at": 2,
    }
    (countdown / "terraform.tfvars.json").write_text(json.dumps(variables))

    applied = terraform(countdown, "apply", "-auto-approve", "-input=false", "-no-color")
    listed = terraform(countdown, "state", "list")

    assert applied.returncode == 1
    assert "step 2 fails, as asked" in applied.stdout
    assert listed.stdout.split() == [f"terraform_data.{name}" for name in made]
