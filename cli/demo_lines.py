"""The demo without a terminal: one line an alert, for a log, a pipe or CI; and the summary, for a terminal too.

Warnings come by the hundred, so that only the first few of each rule are printed; of the messages of the duty room
only those that name more tickets than any before. Used by `cli.demo_play` only.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Self

from cli.demo_heard import Heard
from cli.demo_receivers import DemoReceivers, Text
from cli.demo_tally import Seen, Tally
from cli.demo_words import Words

WARNINGS_SHOWN = 2


class Lines:
    """Prints what happens, line by line."""

    def __init__(self, words: Words, lang: str, unread: Callable[[], None]) -> None:
        """`unread` is called when nobody reads the lines any more; they then go nowhere."""
        self.words, self.lang, self._unread = words, lang, unread
        self._warnings: Counter[str] = Counter()
        self._read = self._most = 0
        self._counting = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def note(self, text: str) -> None:
        """Tell what happens on the stage."""
        self._print(f"          {text}")

    def alert(self, seen: Seen) -> None:
        """Print an alert; of the warnings of a rule only the first few."""
        data = seen.alert.data
        if data.level in ("notice", "warning"):
            if data.status != "firing":
                return
            self._warnings[data.rule] += 1
            if self._warnings[data.rule] > WARNINGS_SHOWN:
                if not self._counting:
                    self.note(self.words.warnings_counted)
                self._counting = True
                return
        terms = self.words.terms
        told = [
            f"{seen.at:%H:%M:%S}  {terms[data.level].upper():8}",
            f"{terms[data.status]:9}",
            title(data.title, self.lang),
            f"{self.words.ticket} {data.ticket or '-'}",
            f"{self.words.owner} {data.owner or data.owner_level or '-'}",
        ]
        if data.due_at is not None:
            told.append(f"{self.words.due} {data.due_at.astimezone(seen.at.tzinfo):%H:%M:%S}")
        self._print("  ".join(told))

    def read(self, text: Text) -> None:
        """Print what the duty room reads."""
        self._read += 1
        if len(text.tickets) <= self._most:
            return
        self._most = len(text.tickets)
        self.note(self.words.room_reads.format(number=self._read))
        for line in (text.title, *text.lines):
            self.note(f"  | {line}")

    def _print(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:
            # What is still buffered must not fail again on exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._unread()

    def draw(self, now: datetime, sent: int) -> None:
        """Nothing to draw: lines stay."""


def title(titles: dict[str, str], lang: str) -> str:
    """The title in a language, or in any there is."""
    return titles.get(lang) or next(iter(titles.values()), "-")


def summary(
    words: Words, tally: Tally, heard: Mapping[str, Heard], receivers: DemoReceivers, tickets: int, sent: int
) -> list[str]:
    """What it all came to: tickets, clocks by outcome, alerts by level, and who was told."""
    outcomes, standing = tally.outcomes(), tally.standing()
    counted = ", ".join(f"{count} {words.terms.get(name, name)}" for name, count in outcomes.most_common())
    told = [
        f"{words.summary}: " + words.tickets.format(tickets=tickets, events=sent),
        f"  {words.clocks_by_outcome}: {outcomes.total()} ({counted})",
    ]
    for level in ("notice", "warning", "breach", "escalation"):
        found = [
            f"{count} {words.terms[status]}"
            for status in ("firing", "resolved", "retracted")
            if (count := standing[level, status])
        ]
        if found:
            told.append(f"  {words.alerts}, {words.terms[level]}: {', '.join(found)}")
    for name, one in heard.items():
        told += _delivered(words, words.names[name], one, tally)
    good = sum(receivers.verified.values())
    told.append("  " + words.signatures.format(good=good, bad=receivers.unsigned))
    return told


def _delivered(words: Words, name: str, one: Heard, tally: Tally) -> list[str]:
    middle, worst = one.late_s
    counted = words.delivery.format(
        name=name,
        alerts=len(one.told),
        ends=len(one.ended),
        messages=one.messages,
        digests=len(one.digests),
        median=middle,
        worst=worst,
        again=one.again,
        refused=one.dead,
    )
    covered = one.coverage(tally)
    parts = [words.all_told.format(name=name, told=covered.told, all=len(tally.breaches))]
    if covered.over_before:
        parts.append(words.over_before.format(count=covered.over_before))
    if covered.owed:
        parts.append(words.owed.format(count=covered.owed))
    return [f"  {counted}", f"  {'; '.join(parts)}"]
