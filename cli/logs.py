"""The log on standard error: one line an event, for people or for machines, and never a flood.

Packages say what happens through the standard `logging`: an event's name as the message, its fields as `extra`. How
that looks is decided here, once for each process, and lines of libraries come out in the same form
(`cli.log_lines`). docs/logs.md lists the events. Used by the verbs of this package.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, TextIO

from cli.log_flood import OTHERS, Flood

Form = Literal["text", "json"]

OURS: Final = "slawatch"
"""Our loggers are this one and those beneath it."""
LIBRARY: Final = "library_said"
"""The event of every line that a library writes; what it said is the field `text`."""
ABOUT: Final = ("partition", "receiver", "matter", "condition", "about")
"""Fields that make two lines of one place different: each is heard by itself."""

logger = logging.getLogger("slawatch.logs")


def begin(form: Form = "text") -> None:
    """Write what is logged from warnings upwards to standard error. A later call takes the place of an earlier."""
    root = logging.getLogger()
    for handler in [known for known in root.handlers if isinstance(known, Lines)]:
        root.removeHandler(handler)
    root.addHandler(Lines(form))


def serve(level: str, form: Form) -> None:
    """The log of a process that runs for long: our own loggers at `level`; warnings and crashes are events too."""
    begin(form)
    logging.getLogger(OURS).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    from cli import log_lines  # noqa: F401, PLC0415 - now, rather than when an event loop would wait for it

    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed
    sys.unraisablehook = _ignored


def refuse(error: Exception, form: Form) -> None:
    """Say why a process does not start: plainly to a person, as a line of the log where machines read it."""
    if form == "json":
        logger.critical("start_refused", extra={"error": str(error)})
    else:
        print(error, file=sys.stderr)


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logger.critical("process_crashed", exc_info=(kind, error, trace))


def _thread_crashed(told: threading.ExceptHookArgs) -> None:
    error = told.exc_value
    name = told.thread.name if told.thread is not None else ""
    logger.critical("thread_crashed", extra={"in_thread": name}, exc_info=error)


def _ignored(told: Any) -> None:
    """An error where none can be raised, as in a destructor; `told` is what `sys.unraisablehook` gets."""
    logger.error("error_ignored", extra={"in_type": type(told.object).__name__}, exc_info=told.exc_value)


def ours(name: str) -> bool:
    """Whether a logger is one of slawatch's own."""
    return name == OURS or name.startswith(f"{OURS}.")


class _Place(NamedTuple):
    """Where in the code a line comes from, and what it is about."""

    logger: str
    event: str
    where: str
    about: str


class Lines(logging.Handler):
    """Writes records as lines, those of one place only so often (`cli.log_flood`)."""

    def __init__(
        self,
        form: Form,
        stream: TextIO | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stream` is standard error, as it is when a line is written, unless given."""
        super().__init__()
        self._form, self._stream, self._now_s = form, stream, now_s
        self._flood = Flood()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, after what was left out elsewhere and is not told yet. Never raises."""
        with contextlib.suppress(Exception):  # no line of a log is worth the work of whoever wrote it
            self._admit(record)

    def _admit(self, record: logging.LogRecord) -> None:
        now_s = self._now_s()
        self._tell(self._flood.untold(now_s))
        left_out = self._flood.admit(_place(record), now_s)
        if left_out is None and record.levelno < logging.CRITICAL:  # what ends a process is always told
            return
        if left_out:
            record.left_out = left_out
        self._write(record)

    def close(self) -> None:
        """Tell what was left out last, and end."""
        self.acquire()
        try:
            self._tell(self._flood.untold(self._now_s(), at_the_end=True))
        finally:
            self.release()
        super().close()

    def _tell(self, untold: Sequence[tuple[Any, int]]) -> None:
        for place, lines in untold:
            told = _Place("", OTHERS, "", "") if place == OTHERS else place
            fields = {"by": told.logger, "of": told.event, "where": told.where, "about": told.about, "lines": lines}
            self._write(_record(logging.WARNING, "lines_left_out", fields))

    def _write(self, record: logging.LogRecord) -> None:
        try:
            line = self._formatter().format(record)
        except Exception as error:  # a library's words that do not fit its own pattern must not end a process
            place = _place(record)
            fields = {"by": place.logger, "where": place.where, "error": type(error).__name__}
            line = self._formatter().format(_record(logging.ERROR, "line_unwritable", fields))
        stream = self._stream or sys.stderr
        if stream is None:  # the process was started without one
            return
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):
            return  # standard error is closed: there is nobody left to tell, and work goes on

    def _formatter(self) -> logging.Formatter:
        if self.formatter is None:
            from cli import log_lines  # noqa: PLC0415 - a tenth of a second, and most verbs log nothing

            self.setFormatter(log_lines.formatter(self._form))
            assert self.formatter is not None
        return self.formatter


def _record(level: int, event: str, fields: dict[str, Any]) -> logging.LogRecord:
    return logger.makeRecord(logger.name, level, "", 0, event, (), None, extra=fields)


def _place(record: logging.LogRecord) -> _Place:
    about = " ".join(f"{name}={getattr(record, name)}" for name in ABOUT if hasattr(record, name))
    event = str(record.msg) if ours(record.name) else LIBRARY
    return _Place(record.name, event, f"{record.filename}:{record.lineno}", about)
