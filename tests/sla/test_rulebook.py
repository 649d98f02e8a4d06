"""A bad rulebook is refused, with the file, the line and what to do; a good one plays its worked cases.

Each broken rulebook is a shipped one with one thing changed. Its line is found by a text that stands there.
"""

import pytest

from sla import cases
from sla.rulebook import parse
from sla.toml_file import RulebookError
from sla.toml_lines import line_of
from tests.sla.lives_of_events import changed, texts_of

DISPATCH = "repair/dispatch.toml"
REDISPATCH = "repair/redispatch.toml"
WORDS = "vocabulary.toml"

TERM = '[[in_force]]\nsince = 2014-01-01\nterm  = "2 min"\nwarn  = ["50 %", "80 %"]\n'

# name: file, what stands there, what is put there, the broken line begins so, the fault says so
BROKEN = {
    # names nobody declared
    "unknown event in from": (
        DISPATCH,
        '"repair.accepted"',
        '"repair.acepted"',
        'event = "repair.acepted"',
        "repair.acepted",
    ),
    "unknown event in to": (
        DISPATCH,
        '"repair.dispatched"',
        '"repair.sent"',
        'event = "repair.sent"',
        "repair.sent",
    ),
    "unknown attribute in where": (DISPATCH, "{ mode = 3 }", "{ mood = 3 }", "where = { mood", "mood"),
    "unknown attribute in match": (
        REDISPATCH,
        '{ to_unit = "unit" }',
        '{ to_unti = "unit" }',
        "match = { to_unti",
        "to_unti",
    ),
    "unknown attribute as owner": (DISPATCH, 'unit  = "unit"', 'unit  = "untl"', 'unit  = "untl"', "untl"),
    "unknown attribute in binds": (
        DISPATCH,
        "\n[from]",
        '\n[binds]\nmood = "good"\n\n[from]',
        'mood = "good"',
        "mood",
    ),
    "unknown kind": (DISPATCH, '"deadline"', '"dedline"', 'kind     = "dedline"', "dedline"),
    "unknown business": (DISPATCH, '= "repair"', '= "repiar"', 'business = "repiar"', "repiar"),
    "unknown zone": ("rulebook.toml", "Asia/Shanghai", "Asia/Shangai", "zone", "Asia/Shangai"),
    "unknown key": (DISPATCH, "kind     =", "colour   = 1\nkind     =", "colour", "colour"),
    "unknown key in a table": (DISPATCH, "first = true", "frist = true", "frist = true", "frist"),
    "unknown key in a list of tables": (DISPATCH, "term  =", "trem  =", "trem  =", "trem"),
    # values that do not fit
    "an enum without that value": (DISPATCH, "{ mode = 3 }", "{ mode = 4 }", "where = { mode = 4 }", "4"),
    "a truth for a number": (DISPATCH, "{ mode = 3 }", "{ mode = true }", "where = { mode = true }", "mode"),
    "a table for a value": (DISPATCH, "{ mode = 3 }", "{ mode = { a = 1 } }", "where = { mode = { a", "mode"),
    "a bad term": (DISPATCH, '"2 min"', '"2 minutes"', 'term  = "2 minutes"', "2 minutes"),
    "a term of nothing": (DISPATCH, '"2 min"', '"0 min"', 'term  = "0 min"', "0 min"),
    "a term without end": (DISPATCH, '"2 min"', '"99999999999999 d"', 'term  = "9999', "99999999999999 d"),
    "a bad warning": (DISPATCH, '"80 %"]', '"120 %"]', 'warn  = ["50 %", "120 %"]', "120 %"),
    "a bad date": (DISPATCH, "2014-01-01", '"soon"', 'since = "soon"', "date"),
    "a number for a truth": (DISPATCH, "first = true", "first = 1", "first = 1", "bool"),
    "a text for a list": (DISPATCH, '["50 %", "80 %"]', '"50 %"', 'warn  = "50 %"', "array"),
    "an id that is not the path": (DISPATCH, '"repair/dispatch"', '"repair/send"', "id ", "repair/dispatch"),
    "a start that is no instant": (DISPATCH, '"hung_up_at"', '"mode"', 'at    = "mode"', "instant"),
    "a rule on a person": (DISPATCH, "{ mode = 3 }", '{ approved_by = "x" }', "where = { approved_by", "personal"),
    "a rule on free text": (DISPATCH, "{ mode = 3 }", '{ reason = "x" }', "where = { reason", "free text"),
    "binds on what no ticket remembers": (
        DISPATCH,
        "\n[from]",
        '\n[binds]\nlevel = "city"\n\n[from]',
        'level = "city"',
        "remember",
    ),
    # what is missing or there twice
    "a title in one language": (DISPATCH, ', en = "Repair ticket not dispatched in time"', "", "title", "language"),
    "a stop on its own start": (
        DISPATCH,
        '[[to]]\nevent = "repair.dispatched"',
        '[[to]]\nevent = "repair.accepted"',
        "[[to]]",
        "own start",
    ),
    "two terms from one date": (
        DISPATCH,
        TERM,
        f"{TERM}\n[[in_force]]  # again\nsince = 2014-01-01\nterm = '3 min'\n",
        "[[in_force]]  # again",
        "same date",
    ),
    # the syntax
    "a quote left open": (DISPATCH, '"2 min"', '"2 min', 'term  = "2 min', "TOML"),
    "a key twice": (DISPATCH, "first = true", "event = 'repair.returned'", "event = 'repair.returned'", "TOML"),
    # the vocabulary
    "an attribute of an unknown type": (WORDS, 'type = "boolean"', 'type = "bool"', 'type = "bool"', "bool"),
    "an attribute with a wrong type": (
        WORDS,
        "remembered = true",
        'remembered = "yes"',
        'remembered = "yes"',
        "bool",
    ),
    "an enum of lists": (
        WORDS,
        'values = ["audit", "callback", "initial", "final"]',
        'values = [["audit"]]',
        'values = [["audit"]]',
        "stage",
    ),
    "an enum without values": (
        WORDS,
        'values = ["audit", "callback", "initial", "final"]\n',
        "",
        "[attributes.stage]",
        "stage",
    ),
    "a default that is no value": (WORDS, "default    = 1", "default    = 9", "default    = 9", "mode"),
    "an inference of no value": (WORDS, "value = 3", "value = 7", "value = 7", "mode"),
    "an inference from an unknown event": (
        WORDS,
        'event = "repair.dispatched"',
        'event = "repair.sent"',
        'event = "repair.sent"',
        "repair.sent",
    ),
    "an inference on an unknown attribute": (
        WORDS,
        '{ level = "province" }',
        '{ leval = "province" }',
        "where = { leval",
        "leval",
    ),
    "an opening that is no event": (
        WORDS,
        'accepted     = "repair.accepted"',
        'accepted     = "repair.opened"',
        'accepted     = "repair.opened"',
        "repair.opened",
    ),
    "a bad time to forget": (WORDS, '"7 d"', '"7 days"', 'forget_after = "7 days"', "7 days"),
    "a text for a list of events": (
        WORDS,
        '["repair.closed"]',
        '"repair.closed"',
        'closed       = "repair.closed"',
        "array",
    ),
}


def faults_of(texts):
    """Read what must be refused."""
    with pytest.raises(RulebookError) as caught:
        parse(texts)
    return caught.value.faults


def line_with(text, begins):
    """Find the one line of a text that begins so."""
    (number,) = (number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(begins))
    return number


@pytest.mark.parametrize(("file", "old", "new", "begins", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rulebook_names_file_line_and_remedy(file, old, new, begins, says):
    """The first fault is where a person has to look, says what is wrong there and what to do."""
    texts = changed(file, old, new)
    fault = faults_of(texts)[0]
    assert (fault.file, says in f"{fault.what}; {fault.remedy}") == (file, True)
    assert fault.line == line_with(texts[file], begins)
    assert len(fault.remedy) > 5
    assert str(fault).startswith(f"{file}:{fault.line}: ")


@pytest.mark.parametrize("missing", ["rulebook.toml", "vocabulary.toml"])
def test_a_missing_file_is_named(missing):
    """Without its header or its words a rulebook is none."""
    texts = {path: text for path, text in texts_of("sgcc-2014").items() if path != missing}
    (fault,) = faults_of(texts)
    assert (fault.file, fault.line) == (missing, 1)
    assert "missing" in fault.what


def test_a_rulebook_without_rules_is_none():
    """A law that asks for nothing is a mistake."""
    texts = {path: texts_of("sgcc-2014")[path] for path in ("rulebook.toml", "vocabulary.toml")}
    (fault,) = faults_of(texts)
    assert "no rules" in fault.what


@pytest.mark.parametrize("text", ["", "case = []\n"])
def test_a_rule_without_a_worked_case_is_refused(text):
    """Nobody can check a rule that shows nothing."""
    texts = texts_of("sgcc-2014")
    rule = texts[DISPATCH][: texts[DISPATCH].index("[[case]]")]
    (fault,) = faults_of({**texts, DISPATCH: text + rule})
    assert (fault.file, fault.line) == (DISPATCH, 1)
    assert "case" in fault.what


def test_a_rule_that_nothing_stops_is_refused():
    """A clock that cannot be met is a mistake."""
    texts = changed(DISPATCH, '[[to]]\nevent = "repair.dispatched"', "")
    texts[DISPATCH] = texts[DISPATCH].replace("\n[from]", "to = []\n[from]", 1)
    (fault,) = faults_of(texts)
    assert (fault.file, fault.line) == (DISPATCH, line_with(texts[DISPATCH], "to = []"))
    assert "[[to]]" in fault.remedy


@pytest.mark.parametrize("key", ["id", "clause", "says", "title", "kind", "business"])
def test_a_missing_key_is_named(key):
    """What every rule must say is asked for by its name."""
    (fault,) = faults_of(changed(DISPATCH, f"\n{key} " if key != "id" else "id ", "\n# "))
    assert (fault.file, key in fault.what) == (DISPATCH, True)


def test_an_event_of_another_business_is_refused_where_it_is_named():
    """A rule of repairs cannot start on a complaint."""
    texts = dict(texts_of("sgcc-2014"))
    texts[DISPATCH] = texts[DISPATCH].replace('event = "repair.accepted"', 'event = "complaint.accepted"', 1)
    fault = faults_of(texts)[0]
    assert fault.line == line_with(texts[DISPATCH], 'event = "complaint.accepted"')
    assert "complaint" in fault.what


def test_every_fault_is_told_at_once():
    """Whoever mends a rulebook sees all that is wrong, file by file."""
    texts = changed(DISPATCH, '"deadline"', '"dedline"')
    texts[DISPATCH] = texts[DISPATCH].replace('"hung_up_at"', '"mode"', 1)
    texts[REDISPATCH] = texts[REDISPATCH].replace("event = ", "event == ", 1)
    faults = faults_of(texts)
    assert [fault.file for fault in faults] == [DISPATCH, DISPATCH, REDISPATCH]
    assert str(RulebookError(faults)).count("\n") == 2


def test_the_hash_follows_every_letter_of_the_law():
    """Any change gives another label; the same texts give the same, in whatever order they were read."""
    texts = texts_of("sgcc-2014")
    label = parse(texts).label
    assert parse(dict(reversed(texts.items()))).label == label
    assert parse(changed(DISPATCH, "2 minutes of the caller", "two minutes of the caller")).label != label


# -- worked cases ----------------------------------------------------------------------------------------------

WRONG = {
    "another due time": (
        'due = "08:03:00", outcome = "met", reason',
        'due = "08:04:00", outcome = "met", reason',
        "due",
    ),
    "another outcome": ('outcome = "met", reason = "in_time"', 'outcome = "late", reason = "in_time"', "outcome"),
    "another reason": ('reason = "in_time"', 'reason = "before_start"', "reason"),
    "another owner": ('owner = "NCSC"', 'owner = "32"', "owner"),
    "another level": ('level = "national", alerts', 'level = "province", alerts', "level"),
    "another alert": ("alerts = []", 'alerts = ["breach firing"]', "alerts"),
    "a clock that is not there": ('start = "e1", due', 'start = "e2", due', "e2"),
    "a clock that is not expected": (
        'expect = [{ start = "e1", due = "08:03:00", outcome = "met", reason = "in_time", owner = "NCSC", '
        'level = "national", alerts = [] }]',
        "expect = []",
        "unexpected clock",
    ),
}


def faults_of_cases(texts):
    """Play the cases of a rulebook that is whole."""
    return cases.check(texts, parse(texts))


@pytest.mark.parametrize(("old", "new", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_case_is_reported_with_its_name(old, new, says):
    """The fault names the case, stands where the case begins, and says what came out."""
    texts = changed(DISPATCH, old, new)
    fault = faults_of_cases(texts)[0]
    assert fault.file == DISPATCH
    assert fault.line == line_of(texts[DISPATCH], ("case", 0)) == texts[DISPATCH].split("\n").index("[[case]]") + 1
    assert "'met: dispatched one minute after the caller hung up'" in fault.what
    assert says in fault.what


def test_a_wrong_case_further_down_is_found_there():
    """Cases are counted as they stand in the file."""
    texts = changed(DISPATCH, 'outcome = "running"', 'outcome = "breached"')
    (fault,) = faults_of_cases(texts)
    lines = texts[DISPATCH].split("\n")
    assert lines[fault.line - 1] == "[[case]]"
    assert "at exactly the due time" in lines[fault.line]


UNREADABLE = {
    "an unknown event": ("e1 repair.accepted", "e1 repair.acepted", "repair.acepted"),
    "an unknown attribute": ("mode=1", "mood=1", "mood"),
    "a value that is none": ("mode=1", "mode=9", "mode"),
    "a time that is none": ('"08:00:00 e1', '"8.30 e1', "8.30"),
    "an event of two words": (
        '"08:00:00 e1 repair.accepted unit=NCSC level=national mode=1 hung_up_at=08:01:00"',
        '"x y"',
        "x y",
    ),
    "a key of no case": ("expect = [{ start", "expects = [{ start", "expect"),
    "an id twice": ("08:02:00 e2 repair.dispatched", "08:02:00 e1 repair.dispatched", "e1"),
}


@pytest.mark.parametrize(("old", "new", "says"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_case_that_cannot_be_played_is_reported(old, new, says):
    """What a case says wrongly is told where the case begins, and the others are played."""
    texts = changed(DISPATCH, old, new)
    (fault,) = faults_of_cases(texts)
    assert (fault.file, fault.line) == (DISPATCH, line_of(texts[DISPATCH], ("case", 0)))
    assert says in fault.what


def test_an_id_twice_is_reported_when_time_passes_too():
    """A case with `until` is read as closely as one without."""
    accepted = "08:00:00 e1 repair.accepted unit=NCSC level=national mode=1 hung_up_at=08:01:00"
    texts = changed(DISPATCH, f'events = ["{accepted}"]', f'events = ["{accepted}", "08:05:00 e1 repair.urged"]')
    faults = faults_of_cases(texts)
    assert [fault.file for fault in faults] == [DISPATCH]
    assert "e1" in faults[0].what


def test_a_start_may_have_any_id():
    """An id with a slash or in Chinese is found again."""
    old = texts_of("sgcc-2014")[DISPATCH]
    texts = {**texts_of("sgcc-2014"), DISPATCH: old.replace(" e1 ", " 单/1 ").replace('"e1"', '"单/1"')}
    assert faults_of_cases(texts) == []
