"""The page of metrics is what the catalogues say, and they keep to Prometheus's names."""

import re

import pytest

from tests.docs.metrics_page import PAGE, canary, notifier, page, worker

CATALOGUES = (worker(), notifier(), canary())
ALL = [entry for catalogue in CATALOGUES for entry in catalogue.items()]
PERSONAL = {"ticket", "customer", "incident", "alert_id", "clock_id", "phone", "name", "address", "subject"}


def test_the_page_is_current():
    """Where it is not: .venv/bin/python -m tests.docs.metrics_page."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_no_metric_is_in_two_catalogues():
    """So that an expression means one of them."""
    assert len(ALL) == len({name for name, _ in ALL})


@pytest.mark.parametrize(("name", "entry"), ALL, ids=lambda value: value if isinstance(value, str) else "")
def test_names_are_as_prometheus_wants_them(name, entry):
    """One prefix, a unit in full, and only counters end in `_total`; nobody is a label, and there is a help."""
    type_, labels, says = entry
    assert re.fullmatch(r"sla_[a-z0-9_]+", name)
    assert name.endswith("_total") == (type_ == "counter")
    assert not re.search(r"_(ms|us|millis|minutes|hours|percent)(_|$)", name)
    assert PERSONAL.isdisjoint(labels)
    assert len(says) > 10
