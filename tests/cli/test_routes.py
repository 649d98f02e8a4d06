"""What `slawatch routes` says of a delivery folder and of an alert."""

import json
from pathlib import Path

import msgspec
import pytest

from cli import delivery_folder
from cli.main import main
from tests.alerting.folders import EXAMPLE, alert, example_kinds
from tests.copies import copied

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """The kinds of receivers that the example names."""
    monkeypatch.setattr(delivery_folder, "kinds", example_kinds)


@pytest.fixture
def folder(tmp_path):
    """A copy of the example that a test may spoil."""
    return copied(EXAMPLE, tmp_path / "delivery")


def event(found):
    """An alert as it is on the topic."""
    data = json.loads(msgspec.json.encode(found.data))
    return {
        "id": found.event_id,
        "type": "sla.alert.v1",
        "subject": found.subject,
        "time": found.at.isoformat(),
        "data": data,
    }


def test_a_folder_that_can_be_used(capsys):
    """It is summed up in a line."""
    assert main(["routes", "check", str(EXAMPLE)]) == 0
    assert "10 receivers, 10 routes" in capsys.readouterr().out


def test_a_folder_with_a_fault(folder, capsys):
    """Exit 1, with file, line and remedy; also where the fault is in the list of units."""
    routes = folder / "routes.toml"
    routes.write_text(routes.read_text().replace("receiver:operations", "receiver:operation"))
    assert main(["routes", "check", str(folder)]) == 1
    assert f"{routes}:23: unknown receiver 'operation'; did you mean 'operations'?" in capsys.readouterr().err
    units = folder / "units.toml"
    units.write_text(units.read_text().replace('parent = "SGCC"', 'parent = "SG"', 1))
    assert main(["routes", "check", str(folder)]) == 1
    assert f"{units}:" in capsys.readouterr().err


def test_no_folder_at_all(tmp_path, capsys):
    """Wrong use, which says what is wanted."""
    assert main(["routes", "check", str(tmp_path / "none")]) == 2
    assert "--delivery" in capsys.readouterr().err


def test_a_roster_that_ends_and_a_team_nobody_calls_are_spoken_of(folder, capsys):
    """They are no faults today."""
    roster = folder / "roster.toml"
    more = '[[teams.spare.dated]]\nfrom = 2020-01-01T00:00:00\nto = 2020-01-02T00:00:00\npeople = ["li"]\n'
    roster.write_text(roster.read_text() + more)
    assert main(["routes", "check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "the roster of spare ends at 2020-01-02 00:00" in out
    assert "no route calls the team spare" in out


def test_who_would_hear_an_alert_and_why(tmp_path, capsys):
    """Routes that did not fit with the field, routes that do with each step, its time and its receivers."""
    file = tmp_path / "alert.json"
    file.write_text(json.dumps(event(alert()), indent=2))
    told = ["routes", "test", str(file), "--at", "2026-11-23T19:58:00+08:00", "--delivery", str(EXAMPLE)]
    assert main(told) == 0
    out = capsys.readouterr().out
    assert "- special complaints: head office: no, kind is repair, not complaint" in out
    assert (
        "+ urgent repairs, overdue: level breach, kind repair, urgency urgent; critical: an urgent repair is overdue"
        in out
    )
    assert "2026-11-23 19:58:00+08:00 at once" in out
    assert "nanjing (dingtalk): unit:owner: contact of Nanjing (3201)" in out
    assert "phone-zhao (dingtalk): duty:hotline: zhao is on duty at 2026-11-23 19:58+08:00, shift day" in out
    assert "2026-11-23 20:03:00+08:00 +5 min, if nobody is on it" in out
    assert "chased every 10 min, 6 times" in out


def test_the_same_for_machines(tmp_path, capsys):
    """One object an alert, from a file with one a line."""
    file = tmp_path / "alerts.jsonl"
    found = [alert(), alert(rule="operator/blind", kind=None, owner=None, urgency=None, ticket=None)]
    file.write_text("".join(json.dumps(event(one)) + "\n" for one in found))
    assert main(["routes", "test", str(file), "--delivery", str(EXAMPLE), "--json"]) == 0
    urgent, operator = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["route"] for one in urgent["routed"]] == [
        "every alert, for the ticket system",
        "urgent repairs, overdue",
    ]
    assert urgent["routed"][1]["critical"] is True
    assert [hears["receiver"] for hears in operator["routed"][0]["steps"][0]["hears"]] == ["operations"]
    assert operator["tried"] == [{"route": "the monitor itself", "misfit": None}]


def test_alerts_of_a_backtest_can_be_tried(lives, tmp_path, capsys):
    """Every line of its file is an alert, and each reaches somebody at once."""
    alerts = tmp_path / "alerts.jsonl"
    main(["backtest", str(lives), "--alerts", str(alerts)])
    capsys.readouterr()
    assert main(["routes", "test", str(alerts), "--delivery", str(EXAMPLE), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(told) == len(alerts.read_text().splitlines()) > 100
    assert all(one["steps"][0]["hears"] for found in told for one in found["routed"])


@pytest.mark.parametrize("text", ["", "{}", "not json", json.dumps(event(alert())) + "\n{}\n"])
def test_what_is_no_alert_is_wrong_use(tmp_path, capsys, text):
    """Exit 2, and nothing of its content is told."""
    file = tmp_path / "alert.json"
    file.write_text(text)
    assert main(["routes", "test", str(file), "--delivery", str(EXAMPLE)]) == 2
    assert str(file) in capsys.readouterr().err


def test_an_instant_without_an_offset_is_wrong_use(tmp_path, capsys):
    """It would be another instant on another machine."""
    told = ["routes", "test", str(tmp_path / "x"), "--at", "2026-11-23T20:00:00", "--delivery", str(EXAMPLE)]
    assert main(told) == 2
    assert "offset" in capsys.readouterr().err


def test_the_folder_may_come_from_the_settings(tmp_path, monkeypatch, capsys):
    """A file, the environment, or a flag."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slawatch.toml").write_text(f'delivery = "{EXAMPLE}"\n')
    assert main(["routes", "check"]) == 0
    monkeypatch.setenv("SLAWATCH_DELIVERY", str(tmp_path / "elsewhere"))
    assert main(["routes", "check"]) == 2
    assert "elsewhere" in capsys.readouterr().err
