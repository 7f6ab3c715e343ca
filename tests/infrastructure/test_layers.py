"""The layers as they are built: each function's fit into Lambda and bring all that its code imports."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from events.sign import TEST_PUBLIC_KEY, signed
from sandbox import stack
from sandbox.paths import BUILD
from tests.infrastructure.template import ROOT, functions, written

LIMIT = 250 * 1024 * 1024  # of a function with its layers, unzipped (AWS Lambda quotas)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """`sam build`, as the sandbox does it: seconds when nothing has changed."""
    stack.build()


# The work that needs more than imports: what lies in the content layer.
BUILDERS = {
    "Advise": "advise",
    "Commands": "commands",
    "ForgetGuilds": "forget_guilds",
    "HandOver": "hand_over",
    "ReportRun": "report",
    "RequestApproval": "request_approval",
    "StartPhase": "start_phase",
    "Sweep": "sweep",
    "TrackProgress": "track",
}

BUILT = """
import app, sys
from chatops import bootstrap
built = getattr(bootstrap, sys.argv[1])()
if sys.argv[1] == "hand_over":
    assert built.blueprint_files("aws/web-app")["main.tf"]
    assert built.runner_files()["__main__.py"]
"""
SUGGESTED = """
import app, json, sys
answer = app.handler(json.loads(sys.argv[1]), None)
assert answer["statusCode"] == 200, answer
assert "aws/web-app" in answer["body"], answer
"""


def layer(name: str) -> Path:
    """Where a layer's files lie: built, or copied as they are."""
    return BUILD / name if (BUILD / name).is_dir() else ROOT / "layers/content"


def layers_of(name: str) -> list[Path]:
    return [layer(each["Ref"]) for each in written()["Resources"][f"{name}Function"]["Properties"]["Layers"]]


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def run(code: str, *arguments: str, path: list[Path], environ: dict[str, str] | None = None) -> None:
    """Run code in a fresh process that knows nothing but the standard library and this path."""
    search = os.pathsep.join(str(each) for each in path)
    environ = {"PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nowhere"} | (environ or {})
    command = [sys.executable, "-S", "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr


def environment(name: str) -> dict[str, str]:
    """What the template tells the function, and what Lambda tells every function."""
    defaults = {f"${{{each}}}": str(body.get("Default", each)) for each, body in written()["Parameters"].items()}
    variables: dict[str, str] = functions()[name]["Environment"]["Variables"]
    told = {variable: defaults.get(value, value) for variable, value in variables.items()}
    lambda_tells = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}
    return (
        told | lambda_tells | {"DISCORD_PUBLIC_KEY": TEST_PUBLIC_KEY, "DISCORD_APPLICATION_ID": "1100000000000000001"}
    )


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_function_with_its_layers_fits_into_lambda(name: str) -> None:
    assert size(BUILD / f"{name}Function") + sum(map(size, layers_of(name))) < LIMIT


def test_the_core_layer_brings_all_that_the_core_imports() -> None:
    run("import chatops.bootstrap", path=[layer("CoreLayer") / "python"])


def test_the_advisors_layers_bring_the_models_package() -> None:
    path = [layer("CoreLayer") / "python", layer("AdvisorLayer") / "python"]

    run("import google.generativeai", path=path)


def test_the_advisors_layers_agree_on_their_packages() -> None:
    """Lambda lays one layer over the other: a package that both bring must be the same in both."""
    versions = [_versions(layer(name) / "python") for name in ("CoreLayer", "AdvisorLayer")]
    both = versions[0].keys() & versions[1].keys()

    assert {
        name: (versions[0][name], versions[1][name]) for name in both if versions[0][name] != versions[1][name]
    } == {}


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_functions_layers_are_enough_to_start_it(name: str) -> None:
    path = [BUILD / f"{name}Function", *(each / "python" for each in layers_of(name))]

    run(BUILT, BUILDERS[name], path=path, environ=environment(name))


def test_the_front_doors_layers_are_enough_to_suggest_a_blueprint() -> None:
    sample = json.loads((ROOT / "events/interactions-autocomplete.json").read_text())
    event = json.dumps(signed(sample, time.time()))
    path = [BUILD / "InteractionsFunction", *(each / "python" for each in layers_of("Interactions"))]

    run(SUGGESTED, event, path=path, environ=environment("Interactions"))


def _versions(folder: Path) -> dict[str, str]:
    found = (each.name.removesuffix(".dist-info").rpartition("-") for each in folder.glob("*.dist-info"))
    return {name.lower().replace("_", "-"): version for name, _, version in found}
