"""The cut of a provider's schema: what a wheel's Python says of a resource, as data."""

import zipfile
from pathlib import Path

import pytest

from scripts import vendor_provider_schemas as vendor

SOURCE = '''
class Shop(cdktf.TerraformResource, metaclass=jsii.JSIIMeta, jsii_type="shop.Shop"):
    def __init__(self, scope, id_: builtins.str, *, name: builtins.str) -> None:
        pass

    @builtins.property
    @jsii.member(jsii_name="nameInput")
    def name_input(self): ...

    @builtins.property
    @jsii.member(jsii_name="address")
    def address(self): ...

    @jsii.member(jsii_name="putDoor")
    def put_door(self): ...


class ShopConfig(cdktf.TerraformMetaArguments):
    def __init__(
        self,
        *,
        count: typing.Optional[typing.Union[jsii.Number, cdktf.TerraformCount]] = None,
        name: builtins.str,
        floors: typing.Optional[jsii.Number] = None,
        open: typing.Optional[typing.Union[builtins.bool, cdktf.IResolvable]] = None,
        labels: typing.Optional[typing.Mapping[builtins.str, builtins.str]] = None,
        streets: typing.Sequence[builtins.str],
        roof: typing.Optional[typing.Union["ShopRoof", typing.Dict[builtins.str, typing.Any]]] = None,
        door: typing.Sequence[typing.Union[ShopDoor, typing.Dict[builtins.str, typing.Any]]],
        for_all: typing.Optional[builtins.str] = None,
    ) -> None:
        """
        :param name: Its name. Docs: {@link https://example.org/shop#name Shop#name}
        :param for_all: Whose it is. Docs: {@link https://example.org/shop#for Shop#for}
        """


class ShopRoof:
    def __init__(self, *, count: typing.Optional[jsii.Number] = None) -> None: ...


class ShopDoor:
    def __init__(self, *, key: builtins.str) -> None: ...


class ShopDoorOutputReference(cdktf.ComplexObject):
    @builtins.property
    def key(self): ...

    @builtins.property
    def internal_value(self): ...
'''


def test_arguments_have_their_type_and_blocks_what_is_in_them() -> None:
    found = vendor.Module(SOURCE).schema()["arguments"]

    types = {name: each["type"] for name, each in found.items() if "type" in each}
    assert types == {
        "floors": "number", "for": "string", "labels": "map", "name": "string", "open": "bool", "streets": "list",
    }  # fmt: skip
    assert {name for name, each in found.items() if each["required"]} == {"door", "name", "streets"}
    assert (found["door"]["many"], found["roof"]["many"]) == (True, False)
    assert found["door"]["block"]["arguments"] == {"key": {"required": True, "type": "string"}}


def test_what_every_resource_takes_is_left_out_but_stays_in_a_block() -> None:
    found = vendor.Module(SOURCE).schema()["arguments"]

    assert "count" not in found
    assert "count" in found["roof"]["block"]["arguments"]


def test_what_can_be_read_afterwards_is_listed() -> None:
    found = vendor.Module(SOURCE).schema()

    assert found["attributes"] == ["address"]
    assert found["arguments"]["door"]["block"]["attributes"] == ["key"]


def test_only_what_blueprints_declare_is_asked_for() -> None:
    assert ("resource", "google_compute_instance") in vendor.used()
    assert ("data", "google_compute_zones") in vendor.used()
    assert not any("google_sql" in name for _, name in vendor.used())


def test_without_a_wheel_it_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor.main([]) == 2
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"no zip", None])
def test_a_file_that_is_no_such_wheel_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    monkeypatch.setattr(vendor, "TARGET", tmp_path / "schemas")
    wheel = tmp_path / "odd.whl"
    if content is None:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("other/file.py", "")
    else:
        wheel.write_bytes(content)

    assert vendor.main([str(wheel)]) == 1
    assert "cannot read the wheel" in capsys.readouterr().err
    assert not any((tmp_path / "schemas").iterdir())
