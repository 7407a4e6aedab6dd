"""The page as a reader has it: explored by pointer and keys in headless Chromium, narrow, and without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from browser import Browser, browser
from guided_retraining.report import (
    accuracy_curves,
    adversarial_sheet,
    figure_bytes,
    price_figure,
    render_page,
)
from guided_retraining.report.palette import metric_style
from made_up_page import context_of
from made_up_study import HARDENING, STORED, WORDS

ALL = (*STORED, "config_4")
PRICE, CURVES = "#price .explore", "#curves .explore"
DRAWN = (
    "[...document.querySelectorAll('.panel:not([hidden])')].length > 0 && "
    "[...document.querySelectorAll('.panel:not([hidden])')].every(one => one.querySelector('svg.marks'))"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with both figures to explore and a sheet of 16 inputs, of which the first attack fooled every second."""
    c = context_of(configurations=ALL)
    table = pd.DataFrame({"attack": ["fgsm"] * 8 + ["bim"] * 8, "source_index": [*range(8)] * 2})
    table = table.assign(
        predicted_before=table["source_index"], predicted_after=(table["source_index"] + 1) % 8, correct_before=True,
        success=(np.arange(16) % 2 == 0) | (np.arange(16) >= 8),
    )  # fmt: skip
    table.loc[~table["success"], "predicted_after"] = table["predicted_before"]
    shades = np.linspace(0.1, 0.9, 8, dtype=np.float32)[:, None, None, None] * np.ones(
        (1, 8, 8, 1), np.float32
    )
    sheet, inputs = adversarial_sheet(shades, np.concatenate([shades, shades]), table)
    curves = accuracy_curves(c.results, words=WORDS, hardening=HARDENING)
    figures = {
        "price": price_figure(c.recommendation),
        "curves": curves,
        "sheet": figure_bytes(sheet, kind="png"),
    }
    made = tmp_path_factory.mktemp("page") / "report.html"
    made.write_text(
        render_page(replace(c, figures=figures, sheet_inputs=inputs, test_table=None)), encoding="utf-8"
    )
    return made


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def opened(chromium: Browser, page: Path) -> Iterator[Browser]:
    """The page, drawn; whatever a test does with it, nothing may be complained of or asked for."""
    chromium.open(page)
    chromium.wait(DRAWN)
    yield chromium
    assert chromium.complaints == []
    assert chromium.requests == [page.as_uri()]


def seen(opened: Browser, selector: str) -> bool:
    return bool(opened.ask(f"document.querySelector({json.dumps(selector)}).checkVisibility()"))


def marks(opened: Browser, panel: str, colour: str) -> int:
    """Marks of a colour in a panel."""
    selector = f"{panel} .mark-symbol path[fill='{colour}'][opacity='1']"
    return int(opened.ask(f"document.querySelectorAll({json.dumps(selector)}).length"))


def tick(opened: Browser, root: str, field: str, key: str) -> None:
    """A box, by the keyboard."""
    box = f"{root} fieldset[data-field={field}] input[value={key}]"
    opened.ask(f"document.querySelector({json.dumps(box)}).focus()")
    opened.press(" ")


def test_charts_take_the_place_of_the_still_pictures(opened: Browser) -> None:
    assert opened.ask("[...document.querySelectorAll('.explore')].map(one => one.hidden)") == [False, False]
    assert not seen(opened, "#price .still")
    assert not seen(opened, "#curves .still")
    opened.call("Emulation.setEmulatedMedia", media="print")
    assert seen(opened, "#price .still"), "in print the picture is shown"
    assert not seen(opened, PRICE)
    opened.call("Emulation.setEmulatedMedia", media="")


def test_metrics_and_configurations_are_switched_by_the_keyboard(opened: Browser) -> None:
    panel, colour = (
        f"{CURVES} .panel[data-outcome=robust][data-configuration=config_2]",
        metric_style("lsa").colour,
    )
    assert marks(opened, panel, colour) == 6
    tick(opened, CURVES, "metric", "lsa")
    opened.wait(f"!document.querySelector(\"{panel} .mark-symbol path[fill='{colour}']\")")
    assert marks(opened, panel, metric_style("dsa").colour) == 6
    tick(opened, CURVES, "metric", "lsa")
    tick(opened, CURVES, "configuration", "config_2")
    opened.wait(f"!document.querySelector('{panel}').checkVisibility()")
    clean = f"{CURVES} .panel[data-outcome=clean][data-configuration=config_1]"
    assert not seen(opened, clean)
    tick(opened, CURVES, "outcome", "clean")
    opened.wait(f"document.querySelector('{clean} svg.marks')")
    assert opened.ask(f"document.querySelector('{clean} svg').clientWidth") > 200
    shown = f"document.querySelectorAll(\"{PRICE} .panel[data-outcome=robust] .mark-symbol path[opacity='1']\").length"
    before = opened.ask(shown)
    tick(opened, PRICE, "configuration", "config_4")
    opened.wait(f"{shown} < {before}")


def test_the_pointer_reads_a_value_with_its_interval(opened: Browser) -> None:
    panel = f"{CURVES} .panel[data-outcome=robust][data-configuration=config_2]"
    opened.point(f"{panel} .mark-symbol:last-of-type path:first-of-type")
    opened.wait(f"document.querySelector('{CURVES} output').textContent.includes('config_2')")
    said = opened.ask(f"document.querySelector('{CURVES} output').textContent")
    found = re.fullmatch(
        r"config_2, (\w+), [\d,]+ retraining inputs \([\d.]+ % of the whole pool\): robust [\d.]+ % \[[\d.]+, [\d.]+\]",
        said,
    )
    assert found, said
    opened.wait("document.querySelector('#vg-tooltip-element.visible')")
    assert found[1] in opened.ask("document.querySelector('#vg-tooltip-element').textContent")


def test_arrow_keys_read_along_a_line_and_from_line_to_line(opened: Browser) -> None:
    opened.ask(f"document.querySelector('{CURVES} .panel[data-configuration=config_1] .chart').focus()")
    said = []
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"):
        opened.press(key)
        said.append(opened.ask(f"document.querySelector('{CURVES} output').textContent"))
    orders, budgets = zip(*(one.split(", ")[1:3] for one in said), strict=True)
    assert [budget.split()[0] for budget in budgets] == ["50", "100", "100", "50"]
    assert orders[0] == orders[1] != orders[2] == orders[3]


def test_a_narrow_screen_has_one_column_and_needs_no_scrolling_aside(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=360)
    chromium.wait(DRAWN)
    assert chromium.ask("document.documentElement.scrollWidth <= innerWidth")
    lefts = (
        "[...document.querySelectorAll('.panel:not([hidden])')].map(one => one.getBoundingClientRect().left)"
    )
    assert len(set(chromium.ask(lefts))) == 1
    ends = "[...document.querySelectorAll('.panel:not([hidden]) svg')].map(one => one.getBoundingClientRect().right)"
    assert max(chromium.ask(ends)) <= 360
    assert chromium.complaints == []


def test_the_sheet_is_stepped_through_by_attack_and_ending(opened: Browser) -> None:
    said = "document.querySelector('.stepping output').textContent"
    opened.wait("!document.querySelector('.stepping').hidden")
    assert opened.ask(said) == "1 of 4: 0 → 1"
    opened.ask("document.querySelector('.stepping .on').focus()")
    for _ in range(4):
        opened.press("Enter")
    assert opened.ask(said) == "4 of 4: 6 → 7"
    assert opened.ask("document.activeElement.className") == "on", "the keyboard is not lost at the end"
    pick = "(one => {{ one.value = '{}'; one.dispatchEvent(new Event('change', {{bubbles: true}})) }})"
    opened.ask(f"{pick.format('failure')}(document.querySelector('.stepping .ending'))")
    assert opened.ask(said) == "1 of 4: 1 (no success)"
    opened.ask(f"{pick.format('bim')}(document.querySelector('.stepping .attack'))")
    assert opened.ask(said).startswith("1 of 8: 0 → 1"), "of an attack that never failed, its successes"
    sizes = "[...document.querySelectorAll('.crop')].map(one => one.clientWidth / one.clientHeight)"
    assert opened.ask(sizes) == pytest.approx([1, 1, 1], abs=0.05)


def test_without_scripts_the_still_pictures_are_there(chromium: Browser, page: Path) -> None:
    chromium.open(page, scripts=False)
    for selector in ("#price .still img", "#curves .still img", "#attacks .still img"):
        assert seen(chromium, selector)
    assert not seen(chromium, PRICE)
    assert not seen(chromium, ".stepping")
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)
