"""Every name in the documents and in what is deployed exists; and the checks find what does not."""

import re
from pathlib import Path

import pytest

from tests.docs import commands, names
from tests.docs.texts import DEPLOYED, DOCUMENTS, ROOT

OF_TEXTS = [
    commands.shell_faults, commands.command_faults, names.path_faults, names.variable_faults, names.metric_faults,
    names.kafka_faults, names.module_faults, names.rule_faults, names.word_faults, names.setting_faults,
    commands.engine_faults,
]  # fmt: skip
OF_FILES = [names.variable_faults, names.metric_faults, commands.engine_faults]

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
each_file = pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: str(path.relative_to(ROOT)))


@each_document
@pytest.mark.parametrize("check", OF_TEXTS, ids=lambda check: check.__name__)
def test_a_document_names_what_there_is(document, check):
    """Commands, files, variables, metrics, topics, settings, modules, rules and words."""
    assert list(check(document.read_text(encoding="utf-8"))) == []


@each_document
def test_every_link_leads_somewhere(document):
    """To a file that is there, and a heading in it."""
    assert list(names.link_faults(document.read_text(encoding="utf-8"), document.parent)) == []


@each_file
@pytest.mark.parametrize("check", OF_FILES, ids=lambda check: check.__name__)
def test_what_is_deployed_names_what_there_is(path, check):
    """Variables and metrics."""
    assert list(check(path.read_text(encoding="utf-8"))) == []


@each_file
def test_what_is_deployed_points_at_what_there_is(path):
    """Files of the project, and headings of the documents."""
    text = path.read_text(encoding="utf-8")
    comments = "\n".join(re.findall(r"(?:^|\s)#(.*)$", text, re.MULTILINE))
    assert list(names.path_faults(comments, everywhere=True)) == []
    assert list(names.link_faults(text, ROOT)) == []


BAD = [
    (commands.shell_faults, "```sh\nmake coffee\n```\n", "make coffee"),
    (commands.shell_faults, "```sh\n.venv/bin/slawatch worker --fast\n```\n", ".venv/bin/slawatch worker --fast"),
    (commands.shell_faults, "```sh\nslawatch topics \\\n  destroy\n```\n", "slawatch topics    destroy"),
    (commands.shell_faults, "```sh\nkubectl apply\n```\n", "kubectl apply"),
    (commands.command_faults, "Try `slawatch brew`.", "slawatch brew: brew"),
    (commands.command_faults, "Try `slawatch worker | brew`.", "slawatch worker | brew: brew"),
    (commands.command_faults, "Try `topics create --gently`.", "topics create --gently: --gently"),
    (commands.command_faults, "Try `notifications lost`.", "notifications lost: lost"),
    (commands.command_faults, "Give `--gently`.", "--gently"),
    (commands.command_faults, "Then `make coffee`.", "make coffee"),
    (commands.engine_faults, "Then `docker compose --profile coffee up`.", "coffee"),
    (names.path_faults, "See `sla/coffee.py`.", "sla/coffee.py"),
    (names.path_faults, "See `rulebooks/<name>/coffee.toml`.", "rulebooks/<name>/coffee.toml"),
    (names.path_faults, "See coffee.md.", "coffee.md"),
    (names.variable_faults, "Set SLAWATCH_COFFEE.", "SLAWATCH_COFFEE"),
    (names.variable_faults, "Set SLAWATCH_COFFEE_*.", "SLAWATCH_COFFEE_"),
    (names.variable_faults, "Set `COFFEE_CUPS=2`.", "COFFEE_CUPS"),
    (names.metric_faults, "Look at `sla_coffee_total`.", "sla_coffee_total"),
    (names.metric_faults, "Look at `sla_events_total_bucket`.", "sla_events_total_bucket"),
    (names.metric_faults, "sum(sla:coffee:ratio1d)", "sla:coffee:ratio1d"),
    (names.metric_faults, "### SlaCoffeeCold", "SlaCoffeeCold"),
    (names.kafka_faults, "Read `sla.coffee-orders`.", "sla.coffee-orders"),
    (names.kafka_faults, "The group slawatch-coffee.", "slawatch-coffee"),
    (names.module_faults, "Run `.venv/bin/python -m tests.docs.coffee`.", "tests.docs.coffee"),
    (names.module_faults, "See `alerting.ladder.coffee`.", "alerting.ladder.coffee"),
    (names.kafka_faults, "See `sla.step.coffee`.", "sla.step.coffee"),
    (names.rule_faults, "The rule `repair/coffee`.", "repair/coffee"),
    (names.word_faults, "The setting `coffee_after`.", "coffee_after"),
    (names.word_faults, "The enum `CoffeeReason`.", "CoffeeReason"),
    (names.setting_faults, "```toml\n# slawatch.toml\ncoffee = 1\n```\n", "coffee"),
    (names.setting_faults, "```toml\n# slawatch.toml\n[notifier]\ngrace = 1\n```\n", "grace"),
]


@pytest.mark.parametrize(("check", "text", "name"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_exist_is_found(check, text, name):
    """Each check, on a text with one made-up name."""
    assert list(check(text)) == [name]


@pytest.mark.parametrize("target", ["coffee.md", "glossary.md#coffee", "#coffee"])
def test_a_link_to_nowhere_is_found(target):
    """A file, a heading of another file, one of the same."""
    assert list(names.link_faults(f"# Tea\n\n[there]({target})\n", ROOT / "docs")) == [target]
    assert list(names.link_faults("runbook: docs/alerts.md#slacoffee", ROOT)) == ["docs/alerts.md#slacoffee"]


def test_a_text_in_order_passes():
    """Nothing is found in what is right."""
    text = """# Order

[There](glossary.md#complaints), and [here](#order).

```sh
# a comment
SLAWATCH_GRACE=0.3 .venv/bin/slawatch worker --bootstrap 127.0.0.1:9092
make demo
sudo systemctl restart slawatch-worker
```

```toml
# slawatch.toml
grace = 0.3
[notifier]
give_up_after = 60
```

`slawatch demo | worker`, `notifications list | audit`, `backtest --against`, `SLAWATCH_KAFKA_*`, `sla/step.py`,
`sla.step.step`, `sla.alerts`, `sla.alert.v1`, `rulebooks/<name>/vocabulary.toml`, `repair/dispatch`, `repair/*`,
`sla_detection_lateness_seconds_bucket`, `slawatch-tickets-changelog`, `silent_after`, `TicketReason`, `.venv/bin/python
-m bench.report`, `BENCH_SIZE=small`.
"""
    assert [found for check in OF_TEXTS for found in check(text)] == []
    assert list(names.link_faults(text, ROOT / "docs")) == []


def test_the_table_of_places_is_true():
    """Each path in ARCHITECTURE.md's first table exists, of a bare folder too."""
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## The picture")[0]
    found = re.findall(r"`((?:sla|streams|cli|agents|alerting|tests|rulebooks)/[^`<]*)`", table)
    assert len(found) > 10
    assert [name for name in found if not (ROOT / Path(name)).exists()] == []
