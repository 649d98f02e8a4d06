"""The dashboards: what Grafana reads is what their source says, and they ask only for what there is.

No Grafana runs here. Its own models of a dashboard stand in for it: whatever they do not know they drop.
"""

import json
import re
import warnings

import pytest
import yaml

from deploy.grafana.__main__ import made
from deploy.grafana.expressions import (
    CLAUSE_TARGET,
    DETECTED_WITHIN_S,
    IN_TIME_TARGET,
    TOLD_WITHIN_S,
    UNIT_TARGET,
)
from deploy.grafana.panels import SOURCE
from tests.deploy.compose import services
from tests.deploy.dashboards import FOLDER, asked, dashboards, panels, put_in
from tests.deploy.series import NAMED, RECORDED, ROOT, entries, labels, names, of_any_job, run, unknown

ALL = dashboards()
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning" / "dashboards"

each = pytest.mark.parametrize("dashboard", ALL.values(), ids=ALL)
each_panel = pytest.mark.parametrize(
    "panel", [pytest.param(panel, id=panel["title"]) for one in ALL.values() for panel in panels(one)]
)


def as_grafana_knows_it(dashboard):
    """The same through Grafana's models."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # a second format is under way
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.cog.plugins import register_default_plugins
        from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))


def lost(said, known, where="dashboard"):
    """What was said and is not known, or is known as something else."""
    if isinstance(said, dict) and isinstance(known, dict):
        return [one for key in said for one in lost(said[key], known.get(key), f"{where}.{key}")]
    if isinstance(said, list) and isinstance(known, list) and len(said) == len(known):
        return [one for i, (a, b) in enumerate(zip(said, known, strict=True)) for one in lost(a, b, f"{where}[{i}]")]
    return [] if said == known else [f"{where}: {said!r} is {known!r}"]


def test_the_committed_files_are_what_the_source_makes():
    """`make dashboards` changes nothing, and there is no other file."""
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == made()


@each
def test_grafana_knows_every_option(dashboard):
    """A misspelt one would be ignored in silence."""
    assert lost(dashboard, as_grafana_knows_it(dashboard)) == []


def test_a_misspelt_option_would_be_seen():
    """In a panel, in its options and in a target."""
    dashboard = json.loads(json.dumps(ALL["engine-and-delivery"]))
    panel = next(panel for panel in dashboard["panels"] if panel["type"] == "timeseries")
    panel["decsription"] = panel["fieldConfig"]["defaults"]["custom"]["linWidth"] = panel["targets"][0]["exprs"] = 1
    panel["options"]["legnd"] = {}
    assert len(lost(dashboard, as_grafana_knows_it(dashboard))) == 4


@each
def test_a_dashboard_is_a_file_and_nothing_else(dashboard):
    """A fixed uid, no number of one installation, and nobody edits it in Grafana."""
    assert re.fullmatch(r"slawatch-[a-z]+", dashboard["uid"])
    assert dashboard["editable"] is False
    assert not {"id", "version", "iteration"} & dashboard.keys()


def test_dashboards_and_panels_can_be_told_apart():
    """Ids and titles are used once."""
    assert len({one["uid"] for one in ALL.values()}) == len({one["title"] for one in ALL.values()}) == len(ALL) == 2
    for one in ALL.values():
        for key in ("id", "title"):
            assert len({panel[key] for panel in one["panels"]}) == len(one["panels"])


@each
def test_panels_lie_side_by_side(dashboard):
    """Within the grid, none over another."""
    taken = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


@each
def test_the_data_source_is_chosen_and_never_named(dashboard):
    """So that a dashboard can be imported anywhere."""
    text = json.dumps(dashboard)
    chosen = text.count(f'"datasource": {json.dumps(SOURCE)}')
    assert chosen == text.count('"datasource":') > len(panels(dashboard))
    assert chosen + 1 == text.count('"uid":')  # and the dashboard's own
    assert SOURCE == {"type": "prometheus", "uid": "${datasource}"}
    [choice] = [one for one in dashboard["templating"]["list"] if one["type"] == "datasource"]
    assert (choice["name"], choice["query"]) == ("datasource", "prometheus")


@each
def test_every_variable_is_chosen_somewhere_and_used(dashboard):
    """One that nobody declared would be asked for as it is written."""
    declared = {one["name"] for one in dashboard["templating"]["list"]} - {"datasource"}
    exprs = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    used = {name for expr in exprs for name in re.findall(r"\$(\w+)", expr)}
    assert {name for name in used if not name.startswith("__")} == declared
    assert not [expr for expr in exprs if "$" in put_in(expr)]


@each
def test_there_is_something_to_choose_from(dashboard):
    """The series behind a variable exists and has that label."""
    for one in dashboard["templating"]["list"]:
        if one["type"] == "query":
            values = re.fullmatch(r"label_values\((.+), (\w+)\)", one["query"]["query"])
            assert values
            assert unknown(values[1]) == set()
            assert all(values[2] in labels(name) for name in names(values[1]))


@each_panel
def test_a_panel_says_what_it_shows(panel):
    """What it is, in both languages in its title, and a sentence; its numbers have a unit."""
    assert re.search(r"\w · .*[\u4e00-\u9fff]", panel["title"])
    assert len(panel["description"]) > 20
    assert panel["fieldConfig"]["defaults"]["unit"]
    if panel["type"] == "table":
        headings = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
        [organize] = [one for one in panel["transformations"] if one["id"] == "organize"]
        assert headings <= set(organize["options"]["renameByName"].values())
        assert len(headings) == len(panel["targets"])


@each_panel
def test_an_alert_that_a_panel_points_to_is_in_the_guide(panel):
    """By its heading."""
    guide = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", guide, re.MULTILINE)}
    assert set(re.findall(r"docs/alerts\.md#(\w+)", panel["description"])) <= headings


@each
def test_a_panel_asks_only_for_what_there_is(dashboard):
    """Metrics and labels of the catalogues, and what the rules record; a series is called by labels it has."""
    wrong = {str(one): unknown(one.expr) for one in asked(dashboard)}
    assert {one: found for one, found in wrong.items() if found} == {}
    for one in asked(dashboard):
        assert one.legend - {"le"} <= set().union(*map(labels, names(one.expr))), str(one)


@each
def test_a_panel_says_of_which_job(dashboard):
    """As the rules do."""
    chosen = [one["query"]["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    wrong = {expr: of_any_job(expr) for expr in [*chosen, *(one.expr for one in asked(dashboard))]}
    assert {expr: found for expr, found in wrong.items() if found} == {}


@each
def test_prometheus_can_read_every_expression(dashboard, tmp_path):
    """`promtool` checks rules, so each is made one."""
    rules = [{"record": f"panel:{i}", "expr": one.expr} for i, one in enumerate(asked(dashboard))]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in run("promtool", "check", "rules", str(path))


def test_a_supervisor_sees_no_canary():
    """Neither by rule nor by unit; shares of clauses are made of rules without it."""
    targets = [target for panel in panels(ALL["clauses-and-units"]) for target in panel["targets"]]
    seen = 0
    for target in targets:
        for name, selector in NAMED.findall(target["expr"]):
            if name == "sla:rule_clause:info":  # joined to what has none
                continue
            for label, without in (("rule", 'rule!="canary/heard"'), ("unit", 'unit!="canary"')):
                if label in labels(name):
                    assert without in selector, target["expr"]
                    seen += 1
    assert seen > 10


def test_objectives_are_drawn_where_the_alerts_are_raised():
    """The targets of the panels are those of the rules."""
    alerts = {rule["alert"]: rule["expr"] for rule in entries("alert")}
    assert f"sla:clause_compliance:ratio1d < {CLAUSE_TARGET} " in alerts["SlaClauseKeptTooRarely"]
    assert f"< {UNIT_TARGET} " in alerts["SlaUnitInTimeTooRarely"]
    assert f"sla:detected_in_time:ratio1h < {IN_TIME_TARGET} " in alerts["SlaDetectedLate"]
    assert f"sla:told_in_time:ratio1h < {IN_TIME_TARGET} " in alerts["SlaToldLate"]
    assert f'le="{DETECTED_WITHIN_S}"' in RECORDED["sla:detected_in_time:ratio1h"]
    assert f'le="{TOLD_WITHIN_S}"' in RECORDED["sla:told_in_time:ratio1h"]


def test_grafana_is_given_the_dashboards():
    """Its provider reads the folder that is mounted, and nobody changes them in Grafana."""
    [file] = PROVISIONING.glob("*.yml")
    [provider] = yaml.safe_load(file.read_text())["providers"]
    assert provider["allowUiUpdates"] is False
    mounts = {mount.target: ROOT / mount.source for mount in services()["grafana"].mounts}
    assert mounts[provider["options"]["path"]].resolve() == FOLDER.resolve()
    assert mounts["/etc/grafana/provisioning"].resolve() == PROVISIONING.parent.resolve()
