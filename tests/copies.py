"""Copies of files of the project that a test may change: the tree they come from may be read-only, a copy never is."""

import shutil
from pathlib import Path


def copied(source: Path, target: Path) -> Path:
    """Copy a folder without its permissions; the copy."""
    target.mkdir(parents=True)
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir()
        else:
            shutil.copyfile(path, copy)
    return target
