"""How times and windows such as `08:30-12:00` are written in the files of a calendar, and what is wrong with them.

Only `sla.calendar_file`, `sla.override_file`, `alerting.routes_file` and `alerting.roster_file` import this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from itertools import pairwise

from sla.toml_file import Fault
from sla.toml_lines import Path
from sla.working_days import Window

_TIME = re.compile(r"^(\d\d):(\d\d)$")
_WINDOW = re.compile(r"^\s*(\S+?)\s*-\s*(\S+)\s*$")
MIDNIGHT = time(0)


def read_time(text: str, *, end: bool) -> time:
    """Read `17:30`; where it ends something, `24:00` too, which is 00:00. ValueError says what is wrong."""
    found = _TIME.match(text)
    if not found:
        raise ValueError(f"{text!r} is no time of day")
    hour, minute = int(found[1]), int(found[2])
    if end and (hour, minute) == (24, 0):
        return MIDNIGHT
    if hour > 23 or minute > 59:
        raise ValueError(f"{text!r} is on no clock")
    if end and (hour, minute) == (0, 0):
        raise ValueError(f"{text!r} begins a day and ends none; its end is 24:00")
    return time(hour, minute)


def read_windows(
    file: str, files: Mapping[str, str], path: Path, texts: list[str], faults: list[Fault]
) -> tuple[Window, ...] | None:
    """Read the windows of a day, in order and apart; None after noting their faults."""
    found = len(faults)
    windows: list[Window] = []

    def fault(what: str, remedy: str) -> None:
        faults.append(Fault.at(file, files, path, what, remedy))

    for text in texts:
        parts = _WINDOW.match(text)
        if not parts:
            fault(f"{text!r} is no window", "write opening and closing, as in '08:30-12:00'")
            continue
        try:
            window = Window(read_time(parts[1], end=False), read_time(parts[2], end=True))
        except ValueError as error:
            fault(f"in the window {text!r}, {error}", "write opening and closing, as in '08:30-12:00'")
            continue
        if window.opens == window.closes != MIDNIGHT:
            fault(f"the window {text!r} is empty", "close it after it opens")
        elif window.closes != MIDNIGHT and window.closes < window.opens:
            remedy = "turn it round, or split it at midnight: what ends at 24:00, what begins at 00:00"
            fault(f"the window {text!r} closes before it opens", remedy)
        else:
            windows.append(window)
    for earlier, later in pairwise(windows):
        if later.opens < earlier.opens:
            fault("the windows are out of order", "write them in the order of the day")
        elif earlier.closes == MIDNIGHT or later.opens < earlier.closes:
            fault(
                f"a window opens at {later.opens:%H:%M}, before the one ahead of it closes", "part them or join them"
            )
    return tuple(windows) if len(faults) == found else None
