"""Lines of the log: one an event, in one form for all, bounded, and without what might hold a person."""

import io
import json
import logging
import subprocess
import sys

import pytest
from confluent_kafka import KafkaError, KafkaException

from alerting.alert import AlertUnreadable
from cli import log_flood
from cli.log_flood import AGAIN_AFTER_S, LINES_AT_ONCE, OTHERS, Flood
from cli.log_lines import trace
from cli.logs import Lines

PERSON = "欧阳金丝雀 13912345678"


class Log:
    """A logger, what it wrote, and the time it goes by."""

    def __init__(self, form="json", name="slawatch.test"):
        self.stream, self.now_s = io.StringIO(), 0.0
        self.lines = Lines(form, self.stream, lambda: self.now_s)
        self.logger = logging.Logger(name)  # noqa: LOG001 - it is gone with the test
        self.logger.addHandler(self.lines)

    def text(self):
        """All that was written."""
        return self.stream.getvalue()

    def said(self):
        """The lines as JSON has them."""
        return [json.loads(line) for line in self.text().splitlines()]


def raised(error, cause=None):
    """An error as it is caught."""
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_a_line_of_json_has_its_time_level_logger_event_and_fields():
    """In this order; the time is UTC, to the millisecond."""
    log = Log()
    log.logger.warning(
        "partition_served", extra={"partition": 3, "known": None, "partitions": [1, 2], "unit": "国网"}
    )
    [line] = log.said()
    assert list(line) == ["time", "level", "logger", "event", "partition", "known", "partitions", "unit"]
    assert line.pop("time")[10:].count("Z") == 1
    assert list(line.values()) == ["warning", "slawatch.test", "partition_served", 3, None, [1, 2], "国网"]


def test_a_line_for_people_has_the_same():
    """As key=value."""
    log = Log("text")
    log.logger.error("step_failed", extra={"partition": 3, "error": 'no "answer"', "partitions": [1, 2]})
    [line] = log.text().splitlines()
    assert line.split(" ", 1)[1] == (
        r'level=error logger=slawatch.test event=step_failed partition=3 error="no \"answer\"" partitions="[1, 2]"'
    )


@pytest.mark.parametrize("form", ["json", "text"])
def test_whatever_is_in_a_field_it_stays_one_line(form):
    """And steers no terminal."""
    log = Log(form)
    log.logger.error("an_event", extra={"error": "a\nb\r\x1b[31mc\x85\u2028d"}, exc_info=raised(OSError(1, "x\ny")))
    assert len(log.text().splitlines()) == 1
    assert "\x1b" not in log.text()


def test_a_library_is_told_in_the_same_form():
    """Its first line is a field."""
    log = Log(name="aiokafka.conn")
    log.logger.error("Unable to connect to %s\nand more of %s", "node 1", PERSON)
    [line] = log.said()
    assert (line["event"], line["text"], line["logger"]) == (
        "library_said", "Unable to connect to node 1", "aiokafka.conn",
    )  # fmt: skip


def test_fields_of_a_library_are_not_told():
    """Nobody knows what is in them."""
    log = Log(name="mode.services")
    log.logger.error("crashed", extra={"data": PERSON})
    assert PERSON not in log.text()


@pytest.mark.parametrize("arguments", [(raised(ValueError(PERSON)),), ({"error": raised(KeyError(PERSON))},)])
def test_an_error_in_what_a_library_says_is_told_by_its_type(arguments):
    """Its text may quote a value."""
    log = Log(name="mode.services")
    log.logger.error(
        "Crashed reason=%(error)r" if isinstance(arguments[0], dict) else "Crashed reason=%r", *arguments
    )
    [line] = log.said()
    assert line["text"] in {"Crashed reason='ValueError'", "Crashed reason='KeyError'"}


def test_a_line_that_does_not_fit_its_own_pattern_is_said_to_be_one():
    """And ends nothing."""
    log = Log(name="aiokafka.conn")
    log.logger.error("%d records", PERSON)
    [line] = log.said()
    assert (line["event"], line["by"], line["error"]) == ("line_unwritable", "aiokafka.conn", "TypeError")


def test_a_trace_tells_places_and_causes_and_no_value():
    """Neither of a local variable nor in the text of an error that quotes one."""

    def fails(caller):
        return int(caller)

    try:
        fails(PERSON)
    except ValueError as cause:
        error = raised(AlertUnreadable("not an alert"), cause)
    told = trace(error)
    assert [
        part for part in ("in fails", "ValueError", "alerting.alert.AlertUnreadable: not an alert") if part in told
    ] == ["in fails", "ValueError", "alerting.alert.AlertUnreadable: not an alert"]
    assert told.index("ValueError") < told.index("AlertUnreadable")
    assert PERSON not in told


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KafkaException(KafkaError(KafkaError._TIMED_OUT, "no answer")), "no answer"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
    ],
)
def test_errors_of_brokers_and_of_the_system_keep_their_texts(error, text):
    """They quote no record."""
    assert text in trace(error)


def test_a_field_has_its_bounds():
    """Texts and lists are cut, and it is seen."""
    log = Log()
    log.logger.error("an_event", extra={"error": "x" * 1_000_000, "partitions": list(range(100_000))})
    [line] = log.said()
    assert len(log.text()) < 10_000
    assert line["error"].endswith("x...")
    assert line["partitions"][-1] == "..."


def test_a_flood_is_told_once_a_minute_with_the_count():
    """After a few lines at once."""
    log = Log()
    for second in range(3600):
        log.now_s = float(second)
        log.logger.warning("brokers_do_not_answer", extra={"error": "x"})
    said = log.said()
    assert len(said) == LINES_AT_ONCE + 3600 // AGAIN_AFTER_S - 1
    assert sum(line.get("left_out", 0) for line in said) + len(said) == 3600 - 59
    assert said[-1]["left_out"] == 59


def test_partitions_are_heard_each_by_itself():
    """A rebalance of hundreds leaves nothing out."""
    log = Log()
    for number in range(300):
        log.logger.warning("partition_served", extra={"partition": number})
    assert len(log.said()) == 300


def test_what_was_left_out_is_told_when_the_place_falls_silent():
    """With the next line from anywhere, and once."""
    log = Log()
    for _ in range(LINES_AT_ONCE + 5):
        log.logger.warning("brokers_do_not_answer", extra={"partition": 7})
    log.now_s = 3 * AGAIN_AFTER_S
    log.logger.warning("something_else")
    log.logger.warning("something_else")
    said = [line for line in log.said() if line["event"] == "lines_left_out"]
    assert [(line["of"], line["about"], line["lines"]) for line in said] == [
        ("brokers_do_not_answer", "partition=7", 5)
    ]


def test_what_was_left_out_last_is_told_at_the_end():
    """When the log is closed."""
    log = Log()
    for _ in range(LINES_AT_ONCE + 2):
        log.logger.warning("brokers_do_not_answer")
    log.lines.close()
    assert log.said()[-1]["lines"] == 2


def test_only_so_many_places_are_counted_by_themselves(monkeypatch):
    """Those beyond share what may be said."""
    monkeypatch.setattr(log_flood, "PLACES_MAX", 2)
    flood = Flood()
    admitted = [flood.admit(number, 0.0) for number in range(3 + LINES_AT_ONCE)]
    assert admitted == [0] * (2 + LINES_AT_ONCE) + [None]
    assert flood.untold(0.0, at_the_end=True) == [(OTHERS, 1)]


SERVED = """
import logging, sys, threading, warnings
from cli import logs
logs.serve("info", "json")
logging.getLogger("slawatch.worker").info("partitions_watched")
logging.getLogger("slawatch.worker").debug("nothing")
logging.getLogger("faust").info("nothing")
warnings.warn("old")
thread = threading.Thread(target=lambda: {}["%(person)s"]); thread.start(); thread.join()
class Cleared:
    def __del__(self):
        raise KeyError("%(person)s")
Cleared()
raise ValueError("%(person)s"[:99])
"""


def test_all_that_a_process_writes_to_standard_error_is_lines_of_its_log():
    """Warnings, crashes of threads and of the process too; libraries below a warning are not heard."""
    told = SERVED.replace('"%(person)s"', f'"".join({list(PERSON)})')
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60, check=False)
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in said] == [
        "partitions_watched", "library_said", "thread_crashed", "error_ignored", "process_crashed",
    ]  # fmt: skip
    assert PERSON not in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("verb", ["worker", "notifier"])
def test_why_a_process_does_not_start_is_a_line_where_machines_read_it(verb, tmp_path):
    """And plain words for a person."""
    told = {}
    for form in ("json", "text"):
        command = [sys.executable, "-m", "cli.main", verb, "--rulebook=nowhere", f"--log-format={form}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        told[form] = done.stderr
    line = json.loads(told["json"])
    assert line["event"] == "start_refused"
    assert line["error"].strip() == told["text"].strip()


def test_a_verb_that_logs_nothing_does_not_wait_for_the_library():
    """It takes a tenth of a second to import."""
    check = (
        "import sys\nfrom cli.main import main\n"
        "try:\n    main(['topics', '--help'])\nexcept SystemExit:\n    print('structlog' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_without_a_standard_error_work_goes_on(monkeypatch):
    """Started with `2>&-`, a process has none."""
    log = Log()
    log.lines._stream = None
    monkeypatch.setattr(sys, "stderr", None)
    log.logger.error("an_event")


def test_whatever_goes_wrong_with_a_line_goes_no_further():
    """No line of a log is worth the work of whoever wrote it."""

    class Unnameable:
        def __format__(self, spec):
            raise RuntimeError("no name")

    log = Log()
    log.logger.error("an_event", extra={"partition": Unnameable()})
    log.logger.error("another_event")
    assert [line["event"] for line in log.said()] == ["another_event"]


def test_what_ends_a_process_is_told_in_the_worst_flood():
    """Its place may have been heard too often."""
    log = Log()
    for _ in range(2 * LINES_AT_ONCE):
        log.logger.critical("process_crashed")
    assert len(log.said()) == 2 * LINES_AT_ONCE


def test_places_that_fell_silent_make_room():
    """Over months there are more places than are counted at a time."""
    flood = Flood()
    for number in range(log_flood.PLACES_MAX):
        flood.admit(number, 0.0)
    for _ in range(LINES_AT_ONCE):
        flood.admit(0, AGAIN_AFTER_S)
    assert flood.admit("new", 2 * AGAIN_AFTER_S) == 0
    assert [flood.admit(0, 2 * AGAIN_AFTER_S) for _ in range(2)] == [0, None], (
        "who was heard too often is not forgotten"
    )
    assert OTHERS not in flood._places
