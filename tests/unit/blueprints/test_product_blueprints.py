"""What a person meets of the blueprints for Google Cloud and Azure: the names, the choices, the words of a refusal."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chatops.blueprints import Catalogue
from chatops.domain.blueprints import VariableError, parse_variables, suggest_variables

CATALOGUE = Catalogue.load()
ED25519 = ed25519.Ed25519PrivateKey.generate()


def public(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def rsa_key(bits: int) -> str:
    return public(rsa.generate_private_key(65537, bits))


def read(blueprint_id: str, text: str) -> dict[str, object]:
    return dict(parse_variables(text, CATALOGUE.get(blueprint_id)))


def refusal(blueprint_id: str, text: str) -> str:
    with pytest.raises(VariableError) as caught:
        read(blueprint_id, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gcp", ["gcp/cloud-run", "gcp/vm"]),
        ("azure", ["azure/vm"]),
        ("virtual machine", ["azure/vm", "gcp/vm"]),
        ("cloud-run", ["gcp/cloud-run"]),
    ],
)
def test_autocomplete_finds_them_by_cloud_and_by_what_they_are(typed: str, offered: list[str]) -> None:
    assert [value for _, value in CATALOGUE.suggest(typed)] == offered


@pytest.mark.parametrize("blueprint_id", ["gcp/vm", "gcp/cloud-run"])
def test_google_ones_need_no_choice_at_all(blueprint_id: str) -> None:
    assert read(blueprint_id, "") == {one.name: one.default for one in CATALOGUE.get(blueprint_id).variables}


def test_nobody_may_come_in_unless_a_person_says_so() -> None:
    server = read("azure/vm", f"ssh_public_key={public(ED25519)}")

    assert (server["visitors"], server["login_from"]) == ("none", "none")
    assert (read("gcp/vm", "")["visitors"], read("gcp/vm", "")["remote_login"]) == ("none", False)
    assert read("gcp/cloud-run", "")["public"] is False


def test_azure_asks_for_the_key_first_and_says_what_it_is() -> None:
    assert suggest_variables("", CATALOGUE.get("azure/vm"))[0][1] == "ssh_public_key="
    assert refusal("azure/vm", "").startswith(
        "`ssh_public_key` is missing: it must be a public key such as the line in"
    )


TAKEN: dict[str, Callable[[], str]] = {
    "ed25519": lambda: public(ED25519),
    "with a comment": lambda: f"{public(ED25519)} me@my-laptop.local",
    "rsa of 2048 bits": lambda: rsa_key(2048),
    "rsa of 4096 bits": lambda: rsa_key(4096),
}
REFUSED: dict[str, Callable[[], str]] = {
    "rsa of 1024 bits": lambda: rsa_key(1024),
    "another curve": lambda: public(ec.generate_private_key(ec.SECP256R1())),
    "cut off": lambda: public(ED25519)[:-4],
    "without its kind": lambda: public(ED25519).partition(" ")[2],
    "its kind alone": lambda: "ssh-ed25519",
    "a file's name": lambda: "id_ed25519.pub",
}


@pytest.mark.parametrize("name", TAKEN)
def test_keys_that_azure_takes_are_taken(name: str) -> None:
    key = TAKEN[name]()
    assert read("azure/vm", f"ssh_public_key={key}, size=Standard_B2s")["ssh_public_key"] == key


@pytest.mark.parametrize("name", REFUSED)
def test_keys_that_azure_refuses_are_refused_before_a_build_starts(name: str) -> None:
    assert "`ssh_public_key`" in refusal("azure/vm", f"ssh_public_key={REFUSED[name]()}")


def test_of_a_private_key_given_by_mistake_no_more_than_its_first_words_are_repeated() -> None:
    private = ED25519.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode().replace("\n", " ")

    said = refusal("azure/vm", f'ssh_public_key="{private}"')

    assert "but must be a public key" in said
    assert not any(piece in said for piece in private.split()[4:] if len(piece) > 8)


@pytest.mark.parametrize(
    ("blueprint_id", "text", "said"),
    [
        ("gcp/vm", "visitors=everybody", "or none"),
        ("gcp/vm", "visitors=10.0.0.0/4", "an IPv4 block such as"),
        ("gcp/vm", "machine_type=e2-micr", "Did you mean `e2-micro`?"),
        ("gcp/vm", "disk_gb=9", "a whole number from 10 to 200"),
        (
            "gcp/vm",
            "region=europe-west1",
            "`region` is set by Cloud ChatOps and cannot be chosen. It comes with the session, by",
        ),
        ("gcp/cloud-run", "image=nginx", "an image with its registry"),
        ("gcp/cloud-run", "image=../../etc/passwd", "an image with its registry"),
        ("gcp/cloud-run", "port=0", "a whole number from 1 to 65535"),
        ("gcp/cloud-run", "max_instances=1000", "a whole number from 1 to 20"),
        ("azure/vm", "login_from=0.0.0.0/0", "an IPv4 block from /16 to /32"),
        ("azure/vm", "disk_gb=16", "a whole number from 32 to 256"),
    ],
)
def test_a_wrong_value_is_answered_with_what_would_do(blueprint_id: str, text: str, said: str) -> None:
    assert said in refusal(blueprint_id, text)


@pytest.mark.parametrize(
    "image",
    [
        "us-docker.pkg.dev/cloudrun/container/hello",
        "europe-west1-docker.pkg.dev/acme-prod-123/shop/web:1.2",
        "docker.io/library/nginx@sha256:" + "0" * 64,
    ],
)
def test_images_are_named_with_their_registry(image: str) -> None:
    assert read("gcp/cloud-run", f"image={image}")["image"] == image
