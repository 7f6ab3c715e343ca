"""The blueprints of Google Cloud and Azure hold to the schemas that their providers publish.

They were never applied: there is no provider and no account here. tests/blueprints/schemas.py compares, and the second
half shows that it would see a mistake.
"""

import re
from pathlib import Path

import pytest

from chatops.blueprints import Catalogue
from chatops.domain import adoption
from tests.blueprints.hcl import Block, parse
from tests.blueprints.rehearsal import module
from tests.blueprints.schemas import FOLDER, problems, schema

ROOT = Path(__file__).parents[2] / "blueprints"
CATALOGUE = Catalogue.load(ROOT)
PUBLISHED = {"gcp": "google", "azure": "azurerm"}

each_blueprint = pytest.mark.parametrize("blueprint_id", CATALOGUE.ids())
each_checked_blueprint = pytest.mark.parametrize(
    "blueprint_id", [one for one in CATALOGUE.ids() if CATALOGUE.get(one).provider in PUBLISHED]
)


def provider_of(blueprint_id: str) -> str:
    return PUBLISHED[CATALOGUE.get(blueprint_id).provider]


def block_of(written: Block, address: str) -> Block:
    return next(block for block in written.of("resource", "provider") if block.address == address)


@each_checked_blueprint
def test_every_block_holds_to_the_published_schema(blueprint_id: str) -> None:
    assert problems(module(ROOT / blueprint_id)) == []


@each_checked_blueprint
def test_the_module_asks_for_the_version_of_the_schema_it_is_checked_against(blueprint_id: str) -> None:
    provider = provider_of(blueprint_id)
    major_minor = ".".join(schema(provider)["version"].split(".")[:2])
    (terraform,) = module(ROOT / blueprint_id).of("terraform")
    (required,) = terraform.of("required_providers")

    assert f'source = "{schema(provider)["provider"]}"' in required.arguments[provider]
    assert re.search(rf'version += "~> {re.escape(major_minor)}"', required.arguments[provider])


def test_the_vectors_hold_what_the_blueprints_use_and_no_more() -> None:
    used = {
        (block.kind, block.labels[0])
        for blueprint_id in CATALOGUE.ids()
        for block in module(ROOT / blueprint_id).of("resource", "data")
        if block.labels[0].partition("_")[0] in PUBLISHED.values()
    }

    kept = {(kind, name) for each in PUBLISHED.values() for kind in ("resource", "data") for name in schema(each)[kind]}
    assert kept == used
    assert all("MPL-2.0" in schema(each)["source"] for each in PUBLISHED.values())
    assert "Mozilla Public License" in (FOLDER / "LICENSE-MPL-2.0.txt").read_text()


@each_checked_blueprint
def test_no_output_tells_a_secret(blueprint_id: str) -> None:
    """Outputs are shown in the channel."""
    told = [expression for output in module(ROOT / blueprint_id).of("output") for expression in output.expressions()]
    assert told
    assert not re.search(r"password|secret|private_key|public_key|custom_data|token|credential", " ".join(told))


def test_azure_takes_no_passwords() -> None:
    server = block_of(module(ROOT / "azure/vm"), "azurerm_linux_virtual_machine.web")

    assert server.arguments["disable_password_authentication"] == "true"
    assert "admin_password" not in server.arguments
    assert [key.arguments["public_key"] for key in server.of("admin_ssh_key")] == ["var.ssh_public_key"]


def test_no_machine_and_no_service_has_an_account_that_may_do_anything() -> None:
    assert not block_of(module(ROOT / "gcp/vm"), "google_compute_instance.web").of("service_account")
    assert not block_of(module(ROOT / "azure/vm"), "azurerm_linux_virtual_machine.web").of("identity")
    (template,) = block_of(module(ROOT / "gcp/cloud-run"), "google_cloud_run_v2_service.app").of("template")
    assert template.arguments["service_account"] == "google_service_account.app.email"


def test_a_service_that_forbids_its_own_end_could_not_be_destroyed() -> None:
    service = block_of(module(ROOT / "gcp/cloud-run"), "google_cloud_run_v2_service.app")
    assert service.arguments["deletion_protection"] == "false"


# What the comparison sees


@pytest.mark.parametrize(
    ("blueprint_id", "right", "wrong", "problem"),
    [
        ("gcp/vm", "  machine_type   ", "  machine_typ   ", "web: machine_typ is no argument of it"),
        ("gcp/vm", "  machine_type   ", "  machine_typ   ", "google_compute_instance.web: machine_type is missing"),
        ("gcp/vm", "    initialize_params {", "    initialise_params {", "initialise_params is no block of it"),
        ("gcp/vm", "  boot_disk {", "  boot_disk {\n  }\n  boot_disk {", "web: only one block boot_disk is allowed"),
        ("gcp/vm", "    protocol = ", "    protocoll = ", "visitors.allow: protocol is missing"),
        ("gcp/vm", "    access_config {", '    dynamic "access_config" {', "web.network_interface: a dynamic block"),
        ("gcp/vm", "  metadata = {", "  metadata {", "google_compute_instance.web: metadata is no block of it"),
        ("gcp/vm", "  shielded_instance_config {", "  shielded_instance_config = {", "is a block, not an argument"),
        ("gcp/vm", 'ports    = ["80"]', 'ports    = "80"', "visitors.allow: ports is a string, not a list"),
        ("gcp/vm", "auto_create_subnetworks = false", "auto_create_subnetworks = []", "is a list, not a bool"),
        ("gcp/vm", "google_compute_network.web.id", "google_compute_network.web.idd", "idd cannot be read of it"),
        ("gcp/vm", "google_compute_network.web.id", "google_compute_network.net.id", "net is used, but not declared"),
        ("gcp/vm", "google_compute_zones.here.names", "google_compute_zones.here.zones", "zones cannot be read"),
        ("gcp/vm", "initialize_params[0].image", "initialize_params[0].imag", "which it does not have"),
        ("gcp/vm", "  default_labels = {", "  default_label = {", "google: default_label is no argument of it"),
        ("gcp/cloud-run", "  ingress = ", "  ingres = ", "app: ingres is no argument of it"),
        ("gcp/cloud-run", "cpu_idle = true", 'cpu_idle = "sometimes"', "cpu_idle is a string, not a bool"),
        ("gcp/cloud-run", "service_iam_member", "service_iam_person", "there is no such resource"),
        ("azure/vm", "  address_space       = ", "  address_spaces      = ", "address_spaces is no argument of it"),
        ("azure/vm", "                    = 100", '                    = "first"', "string, not a number"),
        ("azure/vm", "    caching              = ", "    cache                = ", "os_disk: caching is missing"),
        ("azure/vm", "azurerm_public_ip.web.id", "azurerm_public_ip.web.address", "address cannot be read of it"),
        ("azure/vm", "ignore_changes = [source_image_reference", "ignore_changes = [source_image", "does not have"),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_seen(blueprint_id: str, right: str, wrong: str, problem: str) -> None:
    text = "\n".join(path.read_text() for path in sorted((ROOT / blueprint_id).glob("*.tf")))
    assert right in text

    assert any(problem in each for each in problems(parse(text.replace(right, wrong))))


# The reader of modules


@each_blueprint
def test_the_reader_finds_the_resources_that_the_product_finds(blueprint_id: str) -> None:
    found = {block.address for block in module(ROOT / blueprint_id).of("resource")}
    assert found == adoption.blocks(CATALOGUE.files(blueprint_id))


def test_the_reader_knows_strings_from_brackets_and_comments_from_both() -> None:
    read = parse(
        'a "b" "c" { # } {\n'
        '  plain = "}"\n'
        '  inner = "${x ? "}" : "{"} \\"}" // }\n'
        "  list = [\n    1, # ]\n    2,\n  ]\n"
        "  one {}\n"
        "  equal = x == y\n"
        "}\n"
        "/* d { */\n"
    )

    (block,) = read.blocks
    assert (block.kind, block.labels) == ("a", ("b", "c"))
    assert block.arguments["plain"] == '"}"'
    assert block.arguments["inner"] == '"${x ? "}" : "{"} \\"}"'
    assert block.arguments["equal"] == "x == y"
    assert "2" in block.arguments["list"]
    assert [each.kind for each in block.blocks] == ["one"]


@pytest.mark.parametrize("text", ["a {", 'a = "', "}", "a b", "a = <<EOT\nb\nEOT\n", "= 1"])
def test_the_reader_refuses_what_it_does_not_understand(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        parse(text)
