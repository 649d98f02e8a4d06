"""The demo without a terminal: one line an alert, for a log, a pipe or CI; and the summary, for a terminal too.

Warnings and webhooks come by the hundred, so that only the first few are printed (of warnings, the first few of each
rule). Used by `cli.demo_play` only.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Self

from cli.demo_tally import Alert, Seen, Tally
from cli.demo_webhook import Webhooks
from cli.demo_words import Words

WARNINGS_SHOWN = 2
WEBHOOKS_SHOWN = 5


class Lines:
    """Prints what happens, line by line."""

    def __init__(self, words: Words, lang: str, unread: Callable[[], None]) -> None:
        """`unread` is called when nobody reads the lines any more; they then go nowhere."""
        self.words, self.lang, self._unread = words, lang, unread
        self._warnings: Counter[str] = Counter()
        self._webhooks = 0
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

    def webhook(self, alert: Alert) -> None:
        """Print that a webhook was received; only the first few."""
        if self._webhooks > WEBHOOKS_SHOWN:
            return
        self._webhooks += 1
        if self._webhooks > WEBHOOKS_SHOWN:
            self.note(self.words.webhooks_counted)
        else:
            self.note(self.words.webhook_good.format(title=title(alert.data.title, self.lang)))

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


def summary(words: Words, tally: Tally, webhooks: Webhooks, tickets: int, sent: int) -> list[str]:
    """What it all came to: tickets, clocks by outcome, alerts by level, webhooks."""
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
    told.append("  " + words.webhook_count.format(verified=webhooks.verified, sent=webhooks.sent))
    return told
