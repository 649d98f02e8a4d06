"""House rules that no linter knows: sizes, docstrings, nothing of one machine, packages accounted for.

A rule that is only written down is broken within a month, so each is read off the files of the project here.
"""

import ast
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FILE_LINES = 350
FUNCTION_LINES = 70

# Spelled in pieces, or this file would break its own rule.
REGISTRY_HOSTS = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "repo.maven" + ".",
    "repo1.maven" + ".",
    "registry.npmjs" + ".",
    "proxy.golang" + ".",
    "crates" + ".io",
    "deb.debian" + ".",
)
MACHINE_PATHS = ("/" + "work/", "/" + "root/")

NOT_OURS = {".git", ".venv", ".cache", "build", "dist", "node_modules"}


def project_files() -> list[Path]:
    """List what is, or is about to be, under version control; without git, all but what tools make."""
    if shutil.which("git") and (ROOT / ".git").exists():
        # Whoever runs the tests need not own the tree.
        command = [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        names = {name for name in os.fsdecode(listed).split("\0") if name}
        return sorted(ROOT / name for name in names if (ROOT / name).is_file())
    found = (path for path in ROOT.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sorted(path for path in found if not NOT_OURS.intersection(path.relative_to(ROOT).parts))


FILES = project_files()
PYTHON = [path for path in FILES if path.suffix == ".py"]


def shown(path: Path) -> str:
    """Name a file as a person would."""
    return str(path.relative_to(ROOT))


each_python_file = pytest.mark.parametrize("path", PYTHON, ids=shown)


def test_the_project_is_seen():
    """The rules below are not kept by looking at nothing."""
    assert Path(__file__).resolve() in PYTHON
    assert len(PYTHON) > 5


@each_python_file
def test_a_module_says_what_it_is(path):
    """Every module opens with a docstring; one without any code needs none."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree)


@each_python_file
def test_a_file_tells_one_story(path):
    """No file is longer than a reader holds in mind."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@each_python_file
def test_a_function_fits_a_screen(path):
    """No function, decorators and docstring included, is longer than a tall screen."""
    too_long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert too_long == {}


@pytest.mark.parametrize("needles", [REGISTRY_HOSTS, MACHINE_PATHS], ids=["registry hosts", "machine paths"])
def test_nothing_of_one_machine_is_written_down(needles):
    """No file names a package registry's host or a path of the machine it was written on."""
    found = []
    for path in FILES:
        content = path.read_bytes()
        found += [f"{shown(path)}: {needle}" for needle in needles if needle.encode() in content]
    assert found == []


def test_every_package_is_under_the_import_contracts():
    """A top-level package is listed in root_packages, or no arrow would be checked for it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(settings["tool"]["importlinter"]["root_packages"])
    exempt = {"tests", "bench"}  # leaves: nothing may import them, and they may import all
    packages = {path.parent.name for path in PYTHON if path.name == "__init__.py" and path.parent.parent == ROOT}
    assert packages - exempt == listed


def test_every_package_is_shipped_and_typed():
    """What the contracts know is also what is installed and what the types are checked of."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    listed = set(settings["importlinter"]["root_packages"])
    assert {name.removesuffix(".*") for name in settings["setuptools"]["packages"]["find"]["include"]} == listed
    assert set(settings["mypy"]["packages"]) == listed
