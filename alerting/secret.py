"""Secrets of receivers: where a configuration has them from, and how they stay unseen afterwards.

Why: a robot's address is its password. So each secret `x` may be written down as `x`, kept in a file (`x_file`) or in
the environment (`x_env`), and from the moment it is read nothing prints it: not a repr, not a log line, not an error.
May be imported by `alerting` and `cli`. Imports nothing of ours.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec

MASK: Final = "***"
FILE_BYTES_MAX: Final = 16 * 1024


class Secret:
    """A text that shows itself to nobody who does not ask by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for the line that goes out, and nothing else."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not pickled")


class Masked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every layout of a receiver is derived from: its repr shows no secret.

    A field `x` is a secret if there is a field `x_file` too; layouts declare `x`, `x_file` and `x_env` together, all
    None where not given.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown(self).items())})"

    def __rich_repr__(self) -> Any:
        yield from shown(self).items()


def shown(config: Masked) -> dict[str, Any]:
    """A configuration as a person may see it: what is given, secrets masked."""
    names = config.__struct_fields__
    seen = {name: getattr(config, name) for name in names}
    return {
        name: MASK if f"{name}_file" in names else value
        for name, value in seen.items()
        if value is not None  # an empty secret is masked too: that it is empty is told by the check
    }


def find_secret(config: Masked, key: str) -> Secret | None:
    """The secret `key`, from where the configuration says; None if it says nothing.

    Raises ValueError, which names the key and the remedy and never the secret, if it is given twice, is empty, is no
    single line of text, or cannot be read.
    """
    ways = {name: getattr(config, name) for name in (key, f"{key}_file", f"{key}_env")}
    given = {name: value for name, value in ways.items() if value is not None}
    if not given:
        return None
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are given: keep one of them")
    name, value = given.popitem()
    text = value
    if name.endswith("_file"):
        text = _from_file(name, value)
    elif name.endswith("_env"):
        text = os.environ.get(value, "")
        if not text:
            raise ValueError(f"{name}: the environment has no {value}, or it is empty: set it before the start")
    text = text.strip()
    if not text:
        raise ValueError(f"{name} is empty: write the secret there, or leave {key} out")
    if not text.isprintable():
        raise ValueError(f"{name} holds more than one line, or control characters: it must be the secret alone")
    return Secret(text)


def need_secret(config: Masked, key: str) -> Secret:
    """As `find_secret`, where there must be one. Raises ValueError if it is not given."""
    found = find_secret(config, key)
    if found is None:
        raise ValueError(f"{key} is missing: give {key}, {key}_file (a path) or {key}_env (a variable's name)")
    return found


def _from_file(name: str, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"{name}: {path} cannot be read ({error.strerror}): name a file that we may read") from None
    if len(content) > FILE_BYTES_MAX:
        raise ValueError(f"{name}: {path} has more than {FILE_BYTES_MAX:,} bytes: it must hold the secret alone")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{name}: {path} is not UTF-8: it must hold the secret as text") from None
