"""What must be done next, by rule: the sentences of `next_steps.toml`, read once.

Only `alerting.texts` imports this.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from alerting.alert import Level
from alerting.text import Language

OTHERS: Final = ""


class Steps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: a sentence in both languages by rule, by family, and by rule while a number is not reached yet."""

    family: dict[str, dict[Language, str]]
    rule: dict[str, dict[Language, str]]
    not_yet: dict[str, dict[Language, str]]


@cache
def steps() -> Steps:
    """All sentences."""
    text = resources.files(__package__).joinpath("next_steps.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Steps)


def next_step(rule: str, level: Level, language: Language) -> str:
    """What whoever owes it must do; a rule the file does not know has the sentence of its family."""
    known = steps()
    found = known.not_yet.get(rule) if level in (Level.NOTICE, Level.WARNING) else None
    found = found or known.rule.get(rule) or known.family.get(rule.partition("/")[0]) or known.family[OTHERS]
    return found[language]
