"""The alert rules and the dashboard ask for metrics, labels and values that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.telemetry.metrics import Metrics
from tidings.telemetry.standing import Load, Standing

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations"
ALERTS = yaml.safe_load((OPERATIONS / "alerts.yml").read_text("utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PAGE = (OPERATIONS / "monitoring.md").read_text("utf-8")
DASHBOARD = json.loads((OPERATIONS / "grafana-dashboard.json").read_text("utf-8"))

WORDS = {"sum", "max", "min", "abs", "rate", "increase", "histogram_quantile", "by"}
OTHERS = {"up": {"job", "instance"}}
"""Metrics that Prometheus itself adds."""
EVERYWHERE = {"instance", "job", "le"}

_MATCHER = re.compile(r'(\w+)(=~?)"([^"]*)"')


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]


EXPRESSIONS = dict(expressions())


def scraped() -> dict[str, dict[str, set[str]]]:
    """Return the values that each label of each series has in a scrape, those of gauges included."""
    metrics = Metrics(per_webhook=1)
    nothing = dict.fromkeys(State, 0)
    standing = Standing(
        tallied=nothing, found=nothing, lanes=0, suspects=0, oldest_due_at=None, oldest_lease_until=None, processes=0
    )
    metrics.gauges.set_standing(standing, now=0, lease=SECOND)
    metrics.gauges.set_load(
        Load(
            slots=1,
            in_flight=0,
            in_flight_apart=0,
            unsettled=0,
            lanes_in_flight=0,
            lanes_known=0,
            lanes_doubtful=0,
        )
    )
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


KNOWN = scraped()


def metrics_in(expression: str) -> set[str]:
    """Return the names that are neither words of the language, nor labels, nor inside a text."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)", " ", expression)
    return {name for name in re.findall(r"[a-z_][a-z0-9_]*", bare) if name not in WORDS}


def labels_in(expression: str) -> set[str]:
    grouped = {label.strip() for found in re.findall(r"by \(([^)]*)\)", expression) for label in found.split(",")}
    return grouped | {name for name, _, _ in _MATCHER.findall(expression)}


@pytest.mark.parametrize("title", EXPRESSIONS)
def test_an_expression_asks_for_what_exists(title: str) -> None:
    expression = EXPRESSIONS[title]
    names = metrics_in(expression)
    assert names
    assert names <= KNOWN.keys() | OTHERS.keys()
    labels = {label for name in names for label in KNOWN.get(name, OTHERS.get(name, {}))}
    assert labels_in(expression) <= labels | EVERYWHERE
    values = {value for name in names & KNOWN.keys() for found in KNOWN[name].values() for value in found}
    asked = {one for name, _, text in _MATCHER.findall(expression) if name not in EVERYWHERE for one in text.split("|")}
    assert asked <= values


@pytest.mark.parametrize("expression", ["tidings_atempts_total", 'sum by (sate) (tidings_deliveries{state="x"})'])
def test_a_misspelt_one_would_be_found(expression: str) -> None:
    names = metrics_in(expression)
    known = {label for name in names & KNOWN.keys() for label in KNOWN[name]}
    assert not names <= KNOWN.keys() or not labels_in(expression) <= known


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_what_is_wrong_and_how_bad_it_is(rule: dict[str, Any]) -> None:
    assert rule["alert"].startswith("Tidings")
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith((".", "lost."))


def sections() -> dict[str, str]:
    """Return what the page says about each alert; one heading may name several."""
    found = re.findall(r"^### ([^\n]+)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    return {alert: text for heading, text in found for alert in re.findall(r"`(\w+)`", heading)}


@pytest.mark.parametrize("alert", [rule["alert"] for rule in RULES])
def test_the_page_says_what_an_alert_means_and_what_to_look_at_and_to_do(alert: str) -> None:
    assert re.findall(r"^- \*([^*]+)\*: ", sections()[alert], re.MULTILINE) == ["Means", "Look at", "Do"]


def test_the_page_explains_no_alert_that_there_is_not() -> None:
    assert sections().keys() == {rule["alert"] for rule in RULES}


def test_the_page_names_metrics_that_exist() -> None:
    named = set(re.findall(r"\btidings_[a-z_]+[a-z]", PAGE))

    assert named
    assert named <= {one.name for one in Metrics().described()}


def test_every_alert_is_another_one_and_every_panel_has_its_place() -> None:
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def test_the_accounting_identity_has_its_alert() -> None:
    asked = {name for rule in RULES for name in metrics_in(rule["expr"])}
    assert {"tidings_deliveries_unaccounted", "tidings_deliveries_fan_out", "tidings_backlog_age_seconds"} <= asked
