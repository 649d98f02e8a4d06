"""Article 12: the core and the second reading say the same of incidents drawn at random, however their events arrive."""

from collections import Counter

import pytest

from tests.recount import __main__ as recount
from tests.recount.core import READINGS

INCIDENTS = 400


@pytest.mark.parametrize("name", READINGS)
def test_core_and_second_reading_agree(name):
    """Escalation, warning and watch list stand alike, for events in any order, one by one or all at once."""
    seen = Counter()
    readings = recount.readings_named(name)
    for number in range(INCIDENTS):
        assert recount.differences(name, number, readings, seen) == []
    assert seen[f"{name}: escalation firing"] > INCIDENTS // 20
    assert seen["a judgement after the window"] > INCIDENTS // 20


def test_a_recount_tells_what_differs(monkeypatch, capsys):
    """Where the readings disagree it names the incident, and how to see it alone, and ends with 1."""
    whole = recount.stands
    monkeypatch.setattr(recount, "stands", lambda *told, **reading: {k: {} for k in whole(*told, **reading)})
    assert recount.main(["--incidents", "20", "--seed", "3"]) == 1
    printed = capsys.readouterr().out
    assert "--seed 3 --first" in printed
    assert " incidents differ" in printed


def test_a_recount_that_agrees_prints_its_figures(capsys):
    """What was drawn and how it stands is told, so that a count of nothing shows."""
    assert recount.main(["--incidents", "30", "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    for line in ("30 incidents", "an appeal", "a correction", "anchored: escalation firing", "0 incidents differ"):
        assert line in printed


@pytest.mark.parametrize("wrong", [["--incidents", "0"], ["--incidents", "1000001"], ["--first", "-1"]])
def test_a_recount_has_its_limits(wrong, capsys):
    """Nothing to count, or more than a machine does in a day, is wrong use."""
    with pytest.raises(SystemExit) as ended:
        recount.main(wrong)
    assert ended.value.code == 2
    assert wrong[0] in capsys.readouterr().err
