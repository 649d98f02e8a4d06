"""The tables a person reads: on the terminal after a run, and in docs/benchmarks.md (`python -m bench.report`).

The page is rewritten between its two markers only, from bench/results/latest.json.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.book import Book, Row, load
from bench.machine import ROOT
from bench.targets import judged

RESULTS = ROOT / "bench" / "results"
LATEST = RESULTS / "latest.json"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: written by python -m bench.report -->", "<!-- end of results -->"
WIDTH = 150  # where nobody says how wide the paper is
NO_RESULT = "A run of size `small` tries the benchmark itself; these figures are no results."


def figure(value: float) -> str:
    """A number as short as it reads well."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def printed(book: Book, console: Console) -> None:
    """Everything that was measured, then every target."""
    if not console.is_terminal:
        console.width = WIDTH
    table = Table(title=f"slawatch {book.about['commit']}, size {book.about['size']}: {book.about['machine']['cpu']}")
    for name in ("section", "what", "figure", "median", "min", "max", "unit", "runs"):
        table.add_column(name, justify="right" if name in ("median", "min", "max", "runs") else "left")
    section = ""
    for row in book.rows:
        if section and row.section != section:
            table.add_section()
        shown, section = ("" if row.section == section else row.section), row.section
        numbers = (figure(value) for value in (row.median, min(row.values), max(row.values)))
        table.add_row(shown, row.subject, row.metric, *numbers, row.unit, str(len(row.values)))
    console.print(table)
    targets = Table(title="targets")
    for name in ("what", "target", "median", ""):
        targets.add_column(name)
    for target in judged(book):
        colour = {True: "green", False: "red", None: "yellow"}[target.met]
        targets.add_row(target.what, target.target, target.found, f"[{colour}]{target.word}[/]")
    console.print(targets)
    for name, why in book.failed.items():
        console.print(f"section {name} failed: {why}", style="red", markup=False)
    if book.about["size"] != "full":
        console.print(NO_RESULT.replace("`", ""))


def page(book: Book) -> str:
    """The same as Markdown."""
    about, machine = book.about, book.about["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    others = ", ".join(f"{name} {number}" for name, number in machine["other_versions"].items())
    lines = [
        f"Measured {about['began']}, commit `{about['commit']}`, `{about['command']}`: {machine['cpu']},"
        f" {machine['cores']} cores, {machine['memory_mb'] // 1024} GB, {machine['system']},"
        f" Python {machine['python']}. {versions}." + (f" Beside it: {others}." if others else ""),
        "",
    ]
    for name, later in about.get("later", {}).items():
        lines += [f"Section `{name}`: {later['began']}, commit `{later['commit']}`, `{later['command']}`.", ""]
    if about["size"] != "full":
        lines += [f"**{NO_RESULT}**", ""]
    lines += ["| target | promised | median | |", "|---|---|---|---|"]
    lines += [f"| {t.what} | {t.target} | {t.found or '-'} | {t.word} |" for t in judged(book)]
    lines += [
        "",
        "| section | what | figure | median | min | max | unit | runs |",
        "|---|---|---|--:|--:|--:|---|--:|",
    ]
    lines += [_line(row) for row in book.rows]
    lines += [f"\nSection `{name}` failed: {' '.join(why.split())}" for name, why in book.failed.items()]
    return "\n".join(lines)


def _line(row: Row) -> str:
    numbers = " | ".join(figure(value) for value in (row.median, min(row.values), max(row.values)))
    what = f"{row.subject} ({row.note})" if row.note else row.subject
    return f"| {row.section} | {what} | {row.metric} | {numbers} | {row.unit} | {len(row.values)} |"


def rewritten(text: str, results: str) -> str:
    """The page with what stands between the markers replaced. ValueError when a marker is missing."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost one of its markers: {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{results}\n{END}{tail}"


def main(source: Path = LATEST) -> int:
    """Rewrite the page."""
    if not source.exists():
        print(f"no {source.relative_to(ROOT)}; run `make bench` first", file=sys.stderr)
        return 1
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8"), page(load(source))), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} rewritten from {source.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
