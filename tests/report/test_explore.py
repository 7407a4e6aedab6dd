"""What a page lets explore is what its still figures show: the same numbers, colours, marks and lines."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import vl_convert

from guided_retraining.evaluation.answer import interval_text
from guided_retraining.report import accuracy_curves, price_figure
from guided_retraining.report.explore_curves import curves_explorable
from guided_retraining.report.explore_price import price_explorable
from guided_retraining.report.marks import marker_path
from guided_retraining.report.palette import configuration_styles, metric_style
from made_up_page import context_of
from made_up_study import HARDENING, STORED, WORDS

ALL = (*STORED, "config_4")


@pytest.fixture(scope="module")
def context():
    return context_of(configurations=ALL)


def rows_of(panel, style):
    rows = panel.specification["data"]["values"]
    return sorted((row["x"], row["mean"]) for row in rows if row["style"] == style)


def drawn(axes, style):
    """The lines of a style with a point at least as long as a budget's, without the bars of intervals."""
    lines = [
        one for one in axes.lines if one.get_color() == style.colour and one.get_marker() == style.marker
    ]
    (line,) = [one for one in lines if len(one.get_xdata()) > 1]
    return sorted(zip(line.get_xdata(), line.get_ydata(), strict=True))


def channel(specification, name):
    """Key and look of each line in the layer that draws a channel."""
    scales = [
        layer["encoding"][name]["scale"] for layer in specification["layer"] if name in layer["encoding"]
    ]
    return dict(zip(scales[0]["domain"], scales[0]["range"], strict=True))


def test_prices_are_those_of_the_figure(context):
    still, explorable = price_figure(context.recommendation), price_explorable(context)
    for axes, panel in zip(still.axes, explorable.panels[:2], strict=True):
        assert axes.get_ylabel() == panel.title
        for key, style in configuration_styles(ALL).items():
            assert rows_of(panel, key) == pytest.approx(np.array(drawn(axes, style)), abs=1e-5)
            assert channel(panel.specification, "fill")[key] == style.colour
            assert channel(panel.specification, "shape")[key] == marker_path(style.marker)
    ringed = [row for row in explorable.panels[0].specification["data"]["values"] if row["recommended"]]
    recommended = context.recommendation["models"]["recommended"]
    assert {row["value"] for row in ringed} == {f"robust {interval_text(recommended['accuracy']['robust'])}"}


def test_curves_are_those_of_the_figure(context):
    r = context.recommendation
    still = accuracy_curves(context.results, words=WORDS, choice=r["choice"], hardening=HARDENING)
    titles = {axes.get_title().partition("\n")[0]: axes for axes in still.axes if axes.get_title()}
    panels = {tuple(panel.shows.values()): panel for panel in curves_explorable(context).panels}
    assert {key for _, key in panels} == set(ALL) == set(titles)
    for key, axes in titles.items():
        for metric in ("lsa", "dsa", "random") if key in STORED else ("random",):
            panel, style = panels["robust", key], metric_style(metric)
            assert rows_of(panel, metric) == pytest.approx(np.array(drawn(axes, style)), abs=1e-5)
            assert channel(panel.specification, "fill")[metric] == style.colour
            assert channel(panel.specification, "shape")[metric] == marker_path(style.marker)


def test_every_mark_says_its_exact_value_and_interval(context):
    cell = context.results.query("configuration == 'config_2' and metric == 'lsa' and n_inputs == 400")
    (panel,) = [
        one for one in curves_explorable(context).panels if list(one.shows.values()) == ["robust", "config_2"]
    ]
    (row,) = [
        one for one in panel.specification["data"]["values"] if (one["metric"], one["x"]) == ("lsa", 400)
    ]
    assert row["value"].startswith(f"robust {100 * cell['accuracy_robust'].mean():.1f} % [")
    assert (row["order"], row["spent"]) == ("LSA", "400 retraining inputs (25.0 % of the whole pool)")
    low, high = (float(end) for end in re.findall(r"[\d.]+", row["value"].partition("[")[2]))
    assert (low, high) == pytest.approx((100 * row["low"], 100 * row["high"]), abs=0.051)


def test_a_configuration_in_which_a_kind_was_not_measured_has_no_panel_of_it(context):
    unknown = context.results["configuration"] == "config_1"
    results = context.results.assign(accuracy_unseen=context.results["accuracy_unseen"].mask(unknown))
    shown = [
        tuple(panel.shows.values()) for panel in curves_explorable(replace(context, results=results)).panels
    ]
    assert ("robust", "config_1") in shown
    assert ("unseen", "config_1") not in shown
    assert ("unseen", "config_2") in shown


def test_only_a_replicate_has_no_interval():
    panels = curves_explorable(context_of(replicates=(0,))).panels
    rows = [row for panel in panels for row in panel.specification["data"]["values"]]
    assert all(row["low"] is None and "[" not in row["value"] for row in rows)


def test_what_is_switched_on_at_first_is_what_the_figure_shows(context):
    for explorable in (price_explorable(context), curves_explorable(context)):
        on = {switch.field: [o.key for o in switch.options if o.on] for switch in explorable.switches}
        assert on["configuration"] == sorted(ALL)
    assert on["outcome"] == ["robust", "unseen"]
    assert on["metric"] == ["lsa", "dsa", "random"]


def test_nothing_to_explore_where_nothing_was_counted():
    c = context_of(costs=False, robust=False)
    prices = c.recommendation["prices"]
    unknown = prices | {"points": [point | {"price": None} for point in prices["points"]]}
    assert price_explorable(replace(c, recommendation=c.recommendation | {"prices": unknown})) is None


def test_the_specifications_are_vega_lites(context):
    for explorable in (price_explorable(context), curves_explorable(context)):
        compiled = vl_convert.vegalite_to_vega(dict(explorable.panels[0].specification))
        assert {signal["name"] for signal in compiled["signals"]} >= {
            "off_configuration",
            "off_metric",
            "bars",
            "at",
        }
        assert any(data["name"] == "rows" for data in compiled["data"])


@pytest.mark.parametrize("marker", ["o", "x", "*", "P", "d"])
def test_a_marker_path_is_about_as_large_as_its_box(marker):
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", marker_path(marker))]
    assert 0.9 <= max(map(abs, numbers)) <= 1.42
