"""The golden texts: every occasion, level and sort of alert, in both languages, for three channels.

    .venv/bin/python -m tests.alerting.texts.golden

writes the files in `tests/alerting/texts/golden/` anew; read the difference before it is committed.
"""

from collections.abc import Iterator
from pathlib import Path

from alerting.message import Message, Occasion
from alerting.text import Limits
from alerting.texts import compose, holds
from tests.alerting.texts.samples import CHANNELS, NOW, SORTS, UNITS, alert, message, over, warning

FOLDER = Path(__file__).parent / "golden"
LANGUAGES = ("zh", "en")
SHOWN = ("dingtalk", "wecom-text", "sms")


def scenes(language: str, limits: Limits) -> Iterator[tuple[str, Message]]:
    """Every message that is shown, with a name."""
    for name, sort in SORTS.items():
        yield f"raised: {name}", message(sort)
        for occasion in (Occasion.ESCALATED, Occasion.CHASED):
            yield f"{occasion}: {name}", message(sort, occasion=occasion, critical=sort.data.urgency == "urgent")
        yield f"resolved: {name}", message(over(sort, "resolved"), occasion=Occasion.RESOLVED, ack_url=None)
        yield f"retracted: {name}", message(over(sort, "retracted"), occasion=Occasion.RETRACTED, ack_url=None)
    yield "raised: critical, and it may come twice", message(alert(), critical=True, degraded=True)
    assumed = warning(due_at=NOW, reason="not_done", assumed=True, historic=True, owner=None, owner_level=None)
    yield "raised: an assumed limit just passed, owed by nobody known", message(assumed)
    many = [*SORTS.values(), *(alert(ticket=f"20261123{number:05}", urgency="general") for number in range(40, 52))]
    many += [over(sort, "resolved") for sort in SORTS.values()]
    fitting = many[: holds(many, language, limits, UNITS)]
    yield f"digest of the first {len(fitting)}", message(*fitting, occasion=Occasion.DIGEST, degraded=True)
    yield f"digest of {len(many)} in all", message(*many, occasion=Occasion.DIGEST)
    yield "mirror", message(*SORTS.values(), occasion=Occasion.MIRROR, ack_url=None)
    yield "test", message(alert(), occasion=Occasion.TEST)


def golden(language: str, channel: str) -> str:
    """All scenes of one file."""
    limits = CHANNELS[channel]
    parts = []
    for name, told in scenes(language, limits):
        text = compose(told, language, limits, UNITS, NOW)
        sizes = f"{len(text.title.encode())} + {len(text.body.encode())} bytes"
        body = "\n".join(line.strip() for line in text.body.split("\n"))
        parts.append(f"=== {name} ({sizes})\n" + (f"# {text.title}\n" if text.title else "") + body + "\n")
    return "\n".join(parts)


def path(language: str, channel: str) -> Path:
    """Where one file lies."""
    return FOLDER / f"{channel}.{language}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in LANGUAGES:
        for other in SHOWN:
            path(one, other).write_text(golden(one, other), encoding="utf-8")
