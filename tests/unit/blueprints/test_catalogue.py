"""The catalogue: which blueprints there are, and what a module is made of."""

from pathlib import Path

import pytest

from chatops.blueprints import Catalogue, find_root
from chatops.domain.blueprints import BlueprintError
from chatops.errors import ConfigError

MANIFEST = """
title = "Thing"
description = "A thing"
provider = "none"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for blueprint_id in ("aws/web-app", "aws/web-farm", "demo/countdown"):
        folder = tmp_path / blueprint_id
        folder.mkdir(parents=True)
        (folder / "blueprint.toml").write_text(MANIFEST)
        (folder / "main.tf").write_text("# nothing\n")
    return tmp_path


def test_the_folders_are_the_ids(root: Path) -> None:
    assert Catalogue.load(root).ids() == ["aws/web-app", "aws/web-farm", "demo/countdown"]


def test_a_folder_is_read_once(root: Path) -> None:
    assert Catalogue.load(root) is Catalogue.load(root)


def test_an_unknown_id_is_answered_with_the_nearest_and_the_list(root: Path) -> None:
    with pytest.raises(BlueprintError) as caught:
        Catalogue.load(root).get("demo/count`down")

    assert str(caught.value) == (
        r"There is no blueprint `demo/count\u0060down`. Did you mean `demo/countdown`? "
        "You can deploy `aws/web-app`, `aws/web-farm`, `demo/countdown`."
    )


@pytest.mark.parametrize("blueprint_id", ["", "../../etc", "aws", "aws/web-app/", "AWS/WEB-APP", "\x00"])
def test_nothing_but_an_id_is_an_id(root: Path, blueprint_id: str) -> None:
    with pytest.raises(BlueprintError):
        Catalogue.load(root).get(blueprint_id)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("", ["aws/web-app", "aws/web-farm", "demo/countdown"]),
        ("AWS", ["aws/web-app", "aws/web-farm"]),
        ("farm", ["aws/web-farm"]),
        ("thing", ["aws/web-app", "aws/web-farm", "demo/countdown"]),
        ("demo/cuntdown", ["demo/countdown"]),
        ("zzz", []),
    ],
)
def test_a_half_typed_id_is_completed(root: Path, typed: str, ids: list[str]) -> None:
    assert [value for _, value in Catalogue.load(root).suggest(typed)] == ids


def test_a_label_is_cut_to_what_discord_shows(root: Path) -> None:
    (root / "aws/web-app/blueprint.toml").write_text(MANIFEST.replace("Thing", "Thing" * 40))

    label, _ = Catalogue.load(root).suggest("aws/web-app")[0]

    assert len(label) == 100


def test_a_module_travels_without_what_is_private(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = root / "aws/web-app"
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text("secret")
    (folder / "templates").mkdir()
    (folder / ".terraform").mkdir()
    for name in (
        "start.sh.tftpl",
        "templates/page.html",
        ".terraform.lock.hcl",
        ".terraform/state.tf",
        ".env",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "my.auto.tfvars",
        "sandbox_override.tf",
        "override.tf.json",
        "backend.tf",
        "crash.log",
    ):
        (folder / name).write_text(name)
    (folder / "link.tf").symlink_to(outside)
    (folder / "links").symlink_to(outside.parent)
    (folder / "alias.tf").symlink_to(folder / "main.tf")

    files = Catalogue.load(root).files("aws/web-app")

    assert list(files) == [".terraform.lock.hcl", "alias.tf", "main.tf", "start.sh.tftpl", "templates/page.html"]
    assert files["main.tf"] == b"# nothing\n"


def test_the_variable_blueprints_dir_names_the_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEPRINTS_DIR", str(root))

    assert find_root() == root
    assert Catalogue.load().ids() == Catalogue.load(root).ids()


def test_the_folder_is_found_on_the_module_path(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = root.parent / f"{root.name}-layer"
    layer.mkdir()
    (layer / "blueprints").symlink_to(root)
    monkeypatch.delenv("BLUEPRINTS_DIR", raising=False)
    monkeypatch.syspath_prepend(str(layer))

    assert find_root() == layer / "blueprints"


def test_an_empty_folder_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no blueprints below"):
        Catalogue.load(tmp_path)


def test_a_folder_name_that_cannot_be_typed_is_a_configuration_error(root: Path) -> None:
    (root / "aws/web-app").rename(root / "aws/Web App")

    with pytest.raises(ConfigError, match="lower-case letters"):
        Catalogue.load(root)


VARIABLE = '[variables.size]\ntype = "integer"\ndescription = "How big"\n'
TEXT = '[variables.size]\ntype = "string"\ndescription = "How big"\n'


@pytest.mark.parametrize(
    ("manifest", "key"),
    [
        ("title = ", "Invalid value"),
        (MANIFEST.replace('title = "Thing"', ""), "title: is missing"),
        (MANIFEST.replace('"Thing"', '"""two\nlines"""'), "title: "),
        (MANIFEST.replace('"Thing"', "3"), "title: 3 should be a text"),
        (MANIFEST.replace('"none"', '"aliyun"'), "provider: 'aliyun'"),
        (MANIFEST + "tittle = 1\n", "tittle: unknown key"),
        (MANIFEST + "variables = 1\n", "variables: 1 should be a table"),
        (MANIFEST + "[variables]\nsize = 1\n", "variables.size: should be a table"),
        (MANIFEST + "[variables.Size]\n", "variables.Size"),
        (MANIFEST + "[variables.guild_id]\n", "variables.guild_id"),
        (MANIFEST + '[variables.size]\ntype = "list"\n', "variables.size.type: 'list'"),
        (MANIFEST + VARIABLE + "maximum = 3\n", "variables.size.maximum: unknown key"),
        (MANIFEST + VARIABLE + "max_length = 3\n", "variables.size.max_length: unknown key"),
        (MANIFEST + VARIABLE + "min = 'a'\n", "variables.size.min: 'a' should be a number"),
        (MANIFEST + VARIABLE + "min = true\n", "variables.size.min: True should be a number"),
        (MANIFEST + VARIABLE + "min = 3\nmax = 2\n", "variables.size.min: is more than max"),
        (MANIFEST + VARIABLE + "default = 9\nmax = 2\n", "variables.size.default: '9'"),
        (MANIFEST + VARIABLE + "default = true\n", "variables.size.default: 'true'"),
        (MANIFEST + VARIABLE + "default = [1]\n", r"variables.size.default: \[1\]"),
        (MANIFEST + VARIABLE + "default = 1.5\n", "variables.size.default: '1.5'"),
        (MANIFEST + VARIABLE + "choices = [1, 9]\nmax = 2\n", "variables.size.choices: '9'"),
        (MANIFEST + VARIABLE + "choices = 1\n", "variables.size.choices: 1 should be a list"),
        (MANIFEST + TEXT + "min_length = 9\nmax_length = 2\n", "variables.size.min_length"),
        (MANIFEST + TEXT + "pattern = 'a+'\n", "variables.size.pattern: 'a"),
        (MANIFEST + TEXT + "pattern = '^(a+)+$'\n", "variables.size.pattern: .* repeated groups"),
        (MANIFEST + TEXT + "pattern = '^[a$'\n", "variables.size.pattern: "),
        (MANIFEST + '[variables.size]\ntype = "number"\ndescription = "x"\ndefault = nan\n', "size.default: 'nan'"),
    ],
)
def test_a_broken_manifest_is_told_by_file_and_key(root: Path, manifest: str, key: str) -> None:
    file = root / "aws/web-app/blueprint.toml"
    file.write_text(manifest)

    with pytest.raises(ConfigError, match=key) as caught:
        Catalogue.load(root)

    assert str(file) in str(caught.value)


def test_a_manifest_that_is_no_text_is_told_by_its_file(root: Path) -> None:
    (root / "aws/web-app/blueprint.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError, match="codec can't decode"):
        Catalogue.load(root)
