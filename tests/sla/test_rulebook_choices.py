"""A rule that says a thing in two ways, or half of one, is refused; so is a default that nobody knows the tickets of."""

import pytest

from sla.rulebook import RulebookError, parse
from tests.sla.lives_of_events import changed
from tests.sla.test_rulebook import line_with

PROGRESS = "complaint/progress.toml"
WORDS = "vocabulary.toml"

# name: file, what stands there, what is put there, the broken line begins so, the fault says so
BROKEN = {
    "a report by day and by rounds": (
        PROGRESS,
        'daily = "17:30"',
        'daily = "17:30"\nevery = "2 h"',
        'every = "2 h"',
        "every does not belong",
    ),
    "a report by rounds that never begins": (
        PROGRESS,
        'daily = "17:30"',
        'every = "2 h"',
        "[[in_force]]",
        "needs after",
    ),
    "tries on some days and on any": (
        "complaint/callback-attempts.toml",
        "days  = 5",
        "days  = 5\ntries = 3",
        "tries = 3",
        "tries does not belong",
    ),
    "a default for every business": (
        WORDS,
        'remembered = true\nbusiness   = "repair"\n',
        "remembered = true\n",
        "[attributes.mode]",
        "every business",
    ),
    "a default for an unknown business": (
        WORDS,
        'business   = "repair"',
        'business   = "repairs"',
        'business   = "repairs"',
        "unknown business",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "begins", "says"), BROKEN.values(), ids=BROKEN)
def test_the_fault_names_the_line(file, old, new, begins, says):
    """The first fault is at the line to be mended and says what is wrong."""
    texts = changed(file, old, new)
    with pytest.raises(RulebookError) as caught:
        parse(texts)
    fault = caught.value.faults[0]
    assert (fault.file, fault.line) == (file, line_with(texts[file], begins))
    assert says in fault.what
