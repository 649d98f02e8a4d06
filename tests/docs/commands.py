"""Which commands a text uses that nothing answers to: targets, verbs, flags, profiles. Used by `test_names`."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from cli.main import parser
from tests.docs.texts import BLOCK, ROOT, shell_lines, spans

WORD = re.compile(r"[a-z][a-z-]*")
TARGETS = frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
FOREIGN = frozenset({"docker", "systemctl", "journalctl", "curl", "install", "rm", "useradd", "python3", "pip"})
"""Programs of others, which a shell block may call."""


def shell_faults(text: str) -> Iterator[str]:
    """Lines of shell blocks that are neither a target, nor a command as it is accepted, nor another's program."""
    for line in shell_lines(text):
        words = shlex.split(line, comments=True)
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words[:1] == ["sudo"]:
            words.pop(0)
        if words[0] == "systemd-run" and "cli.main" in words:  # ours, as the user and with the settings of a unit
            words = ["slawatch", *words[words.index("cli.main") + 1 :]]
        if words[0] == "make":
            if words[1] not in TARGETS:
                yield f"make {words[1]}"
        elif Path(words[0]).name == "slawatch":
            try:
                parser().parse_args(words[1:])
            except SystemExit:
                yield line
        elif Path(words[0]).name not in FOREIGN:
            yield line


def command_faults(text: str) -> Iterator[str]:
    """Verbs, actions and flags within a line that the command line does not know."""
    for span in spans(text):
        words = span.split()
        if Path(words[0]).name == "slawatch":
            yield from _unknown(span, words[1:])
        elif words[0] in _choices(parser()) and len(words) > 1:
            yield from _unknown(span, words)
        elif (words[0] == "make" and len(words) > 1 and WORD.fullmatch(words[1]) and words[1] not in TARGETS) or (
            words[0].startswith("--") and words[0].partition("=")[0] not in _flags()
        ):
            yield span


def engine_faults(text: str) -> Iterator[str]:
    """Profiles and services of docker-compose.yml that there are not."""
    told = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    profiles = {name for service in told.values() for name in service["profiles"]}
    code = [
        *spans(text),
        *(body for _, body in BLOCK.findall(text)),
        *re.findall(r"^#.*docker compose.*$", text, re.M),
    ]
    for name in (found for span in code for found in re.findall(r"--profile[ =]([\w-]+)", span)):
        if name not in profiles:
            yield name


def _unknown(span: str, words: list[str]) -> Iterator[str]:
    """Follow the words through the verbs; `a | b` are alternatives of the word or the action before."""
    here = above = parser()
    for word in words:
        if word == "|":
            here = above
        elif word.startswith("--"):
            if word.partition("=")[0] not in here._option_string_actions:
                yield f"{span}: {word}"
        elif (choices := _choices(here)) and WORD.fullmatch(word):
            if word not in choices and word in _choices(parser()):
                here, choices = parser(), _choices(parser())
            if word not in choices:
                yield f"{span}: {word}"
                return
            above, here = here, choices[word]


def _choices(verb: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in verb._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


@cache
def _flags() -> frozenset[str]:
    """Every flag of every verb, and of the engine of containers."""
    found, left = {"--profile"}, [parser()]
    while left:
        verb = left.pop()
        found |= set(verb._option_string_actions)
        left += _choices(verb).values()
    return frozenset(found)
