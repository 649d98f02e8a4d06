"""Where a rulebook is shown: a terminal, folded to its width, or a pipe, unfolded and without trailing blanks.

Used by `cli.rulebook_show`, `cli.rulebook_trace` and `cli.difference_table`.
"""

from __future__ import annotations

import sys

from rich.console import Console, RenderableType

UNFOLDED = 4_000
"""Columns of a pipe: more than any line of a rulebook needs."""


class Page:
    """Standard output, as a person or a program reads it."""

    def __init__(self) -> None:
        self.folded = sys.stdout.isatty()
        width = None if self.folded else UNFOLDED
        self._console = Console(width=width, markup=False, highlight=False, emoji=False)

    def line(self, text: str) -> None:
        """One line of plain words."""
        self.write(text)

    def write(self, block: RenderableType) -> None:
        """Whatever can be drawn; a blank cell at the end of a line leaves no blanks behind."""
        with self._console.capture() as drawn:
            self._console.print(block)
        for line in drawn.get().splitlines():
            print(line.rstrip())
