"""What `slawatch canary` refuses before it starts, each time saying how to mend it."""

import stat
from pathlib import Path

import pytest

from alerting.canary.settings import CanarySettings, secret_of
from alerting.signing import secret
from cli.main import main


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """A folder without settings, and an environment without any."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLAWATCH_CANARY_SECRET", raising=False)


def refused(capsys, *arguments):
    """Start it; what it says, with exit code 2."""
    assert main(["canary", *arguments]) == 2
    return capsys.readouterr().err


def test_a_rulebook_without_the_rule_is_refused(capsys):
    """It names the file and the table to copy."""
    said = refused(capsys, "--rulebook", "itsm-example")
    assert "canary/heard.toml of sgcc-2014" in said
    assert "[businesses.canary]" in said


def test_without_a_secret_it_says_how_to_make_one(capsys):
    """Whoever reaches the port could else tell that all is well."""
    assert "--make-secret" in refused(capsys)


@pytest.mark.parametrize("text", ["", "whsec_short", "no secret at all"])
def test_a_secret_that_signs_nothing_is_refused(capsys, text, tmp_path):
    """And is not shown."""
    (tmp_path / "secret").write_text(text)
    said = refused(capsys, "--secret-file", "secret")
    assert "secret" in said
    assert not text or text not in said


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--every=0"], "every is 0 s; give 1 to 3600"),
        (["--lost-after=4000"], "lost_after is 4000 s; give 5 to 3600"),
        (["--lost-after=5"], "no longer than the ticket runs (5 s)"),
    ],
)
def test_lengths_that_make_no_sense_are_refused(capsys, flags, says):
    """With those that do."""
    assert says in refused(capsys, *flags)


def test_a_secret_is_made_once_and_for_its_owner_only(capsys, tmp_path):
    """Asked again, the one that is there stays: the notifier knows it."""
    file = tmp_path / "secret"
    assert [main(["canary", "--make-secret", str(file)]) for _ in range(2)] == [0, 0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text().strip()
    assert secret_of(CanarySettings(secret_file=str(file))).reveal() == text
    assert text not in capsys.readouterr().out


def test_a_secret_that_cannot_be_written_is_told(capsys, tmp_path):
    """By the name of its file."""
    assert "nowhere" in refused(capsys, "--make-secret", str(tmp_path / "nowhere" / "secret"))


def test_settings_come_from_a_table_of_their_own_and_from_variables(capsys, monkeypatch, tmp_path):
    """`[canary]` and SLAWATCH_CANARY_*; the secret is masked, and other processes are not told of it."""
    Path("slawatch.toml").write_text('[canary]\nevery = 30\nsecret = "whsec_x"\n[notifier]\ngroup = "g"\n')
    monkeypatch.setenv("SLAWATCH_CANARY_LOST_AFTER", "90")
    assert main(["canary", "--show-config"]) == 0
    told = capsys.readouterr().out
    assert '"every": 30' in told
    assert '"lost_after": 90' in told
    assert '"secret": "***"' in told
    for verb in (["worker"], ["notifier"]):
        assert main([*verb, "--show-config"]) == 0
        assert "whsec_x" not in capsys.readouterr().out


def test_a_wrong_setting_of_the_table_is_told_with_its_place(capsys):
    """As those of a notifier are."""
    Path("slawatch.toml").write_text("[canary]\never = 30\n")
    assert "slawatch.toml, [canary]: unknown setting 'ever'" in refused(capsys)
    Path("slawatch.toml").write_text("canary = 30\n")
    assert "write [canary] and the settings beneath it" in refused(capsys)


def test_both_ends_of_a_secret_are_the_same():
    """What signs is what is known."""
    assert secret_of(CanarySettings(secret=secret(b"k" * 32))).reveal() == secret(b"k" * 32)
