"""The documents and what is deployed, as texts: their blocks of code, and what stands as code within a line.

Used by the checks of names here.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DEPLOYED = sorted(
    [ROOT / "docker-compose.yml", ROOT / "Dockerfile"]
    + [
        path
        for path in (ROOT / "deploy").rglob("*")
        if path.suffix in {".yml", ".toml", ".service", ".target", ".env"}
    ]
)

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def spans(text: str) -> list[str]:
    """What stands as code within a line."""
    return SPAN.findall(BLOCK.sub("", text))


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code of a language."""
    return [body for told, body in BLOCK.findall(text) if told == language]


def shell_lines(text: str) -> list[str]:
    """Each command of each shell block; a line that ends in a backslash goes on."""
    lines = "\n".join(blocks(text, "sh")).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
