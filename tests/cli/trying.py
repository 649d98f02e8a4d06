"""What tests of `backtest --against` have in common: changed rulebooks, tickets written by hand, the differences told."""

import json
from pathlib import Path

from cli.main import main
from tests.copies import copied

ROOT = Path(__file__).resolve().parents[2]

HAND_WRITTEN = (
    "08:00:00 1 accepted quick unit=A hung_up_at=08:01:00",
    "08:02:00 2 dispatched quick unit=A to_unit=3201",
    "08:00:00 3 accepted spared unit=A hung_up_at=08:01:00",
    "08:04:00 4 dispatched spared unit=A to_unit=3201",
    "08:00:00 5 accepted slow unit=B hung_up_at=08:01:00",
    "08:04:00.001 6 dispatched slow unit=B to_unit=3201",
    "08:00:00 7 accepted never unit=B",
    "08:02:30 8 accepted open unit=C",
    "08:02:15 9 closed never unit=B reason=duplicate",
    "08:05:00 10 accepted last unit=C",
)


def changed(tmp_path, base, *edits):
    """A copy of a shipped rulebook with texts replaced in its files."""
    folder = tmp_path / "changed"
    copied(ROOT / "rulebooks" / base, folder)
    for name, old, new in edits:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
    return folder


def slower(tmp_path):
    """The rulebook with 3 minutes to dispatch."""
    return changed(tmp_path, "sgcc-2014", ("repair/dispatch.toml", 'term  = "2 min"', 'term  = "3 min"'))


def differences(tmp_path, file, *options):
    """What is written of the clocks that differ."""
    out = tmp_path / "differences.jsonl"
    assert main(["backtest", str(file), *map(str, options), "--differences", str(out)]) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def write(path, *events):
    """A file of repair events, each told as `time id type ticket [key=value ...]` of one Monday."""
    rows = []
    for text in events:
        time, id_, type_, ticket, *facts = text.split()
        data = dict(fact.split("=") for fact in facts)
        if "hung_up_at" in data:
            data["hung_up_at"] = f"2026-11-23T{data['hung_up_at']}+08:00"
        when = f"2026-11-23T{time}+08:00"
        envelope = {"specversion": "1.0", "id": id_, "source": "desk", "type": f"repair.{type_}", "subject": ticket}
        rows.append(json.dumps({**envelope, "time": when, "data": data}))
    path.write_text("\n".join(rows) + "\n")
    return path
