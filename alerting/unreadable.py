"""What is wrong with the bytes of a record, told without a value of it: it may hold a person. `alerting` only."""

from __future__ import annotations

import re
from typing import Final

import msgspec

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding anybody's bytes can raise."""
_QUOTED: Final = re.compile(r"(value|unknown field) .*", re.DOTALL)
"""Where msgspec quotes what it met: `Invalid enum value 'x'`."""


def fault_of(error: Exception) -> str:
    """Which part of a layout was missed, and how; the value that was met, which some errors quote, is left out."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return _QUOTED.sub(r"\1", str(error).partition(" - at")[0])
