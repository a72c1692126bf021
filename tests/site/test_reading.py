"""Reading by mouse and by keyboard: search, theme, folds, definitions, copy buttons."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

pytestmark = pytest.mark.slow

CHAPTER = "chapters/randomness.html"


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit):
    window = visit()
    window.open(CHAPTER)
    page = window.page
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert first.inner_text() == "Skip to main content"
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")  # it slides in
    stops = [_stop(page)]
    while len(stops) < 250:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # past the end
        stops.append(_stop(page))
    reached = " ".join(stop["what"] for stop in stops)
    for part in ("search-button", "theme-switch-button", "summary", "toggle-button", "primary-toggle", "right-next"):
        assert part in reached, f"{part} is not reached by Tab"
    assert {stop["what"] for stop in stops if not stop["visible"]} == set()


def _stop(page):
    """What has the focus, and whether one sees that."""
    return page.evaluate(
        """() => {
          const e = document.activeElement, s = getComputedStyle(e);
          const ring = (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
          const what = [e.tagName.toLowerCase(), e.id, e.className, e.getAttribute("href")].join(" ");
          return {what, visible: ring};
        }"""
    )


def test_the_skip_link_skips(visit):
    window = visit()
    window.open(CHAPTER)
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Enter")
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement.closest('main') !== null")


def test_folds_open_by_keyboard(visit):
    window = visit()
    window.open(CHAPTER)
    fold = window.page.locator("details.hide summary").first
    fold.focus()
    window.page.keyboard.press("Enter")
    assert fold.evaluate("e => e.parentElement.open")
    answer = window.page.locator(".admonition.toggle button.toggle-button").first
    answer.focus()
    window.page.keyboard.press("Enter")
    assert answer.locator("xpath=ancestor::*[contains(@class,'admonition')][1]").evaluate(
        "e => !e.classList.contains('toggle-hidden')"
    )


def test_the_theme_switch_changes_the_theme_and_is_remembered(visit):
    window = visit(color_scheme="light")
    window.open(CHAPTER)
    switch = window.page.locator(".theme-switch-button:visible").first
    themes = set()
    for _ in range(3):
        switch.click()
        themes.add(window.page.evaluate("document.documentElement.dataset.theme"))
    assert themes == {"light", "dark"}
    while window.page.evaluate("document.documentElement.dataset.mode") != "dark":
        switch.click()
    window.open("intro.html")
    assert window.page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("served", [True, False], ids=["served", "from a folder"])
def test_search_finds_words(visit, address, site, served):
    window = visit(base=address if served else f"{site.as_uri()}/")
    window.open("intro.html")
    window.page.keyboard.press("Control+k")
    window.page.locator("#pst-search-dialog input").fill("dropout")
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector("#search-results li a")
    found = window.page.locator("#search-results li a").all_inner_texts()
    assert any("Dropout" in text for text in found)
    window.page.wait_for_load_state("networkidle")
    assert window.troubles == []


@pytest.mark.parametrize("width", [1280, 360])
def test_a_word_of_the_glossary_shows_its_definition(visit, width):
    window = visit(width=width)
    window.open("glossary.html")
    word = window.page.locator("dd .course-term a", has_text="epoch").first
    definition = window.page.locator(f"#{word.get_attribute('aria-describedby')}")
    assert not definition.is_visible()
    word.hover()
    assert definition.inner_text() == "One pass through all training samples."
    box = definition.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    window.page.mouse.move(0, 0)
    assert not definition.is_visible()
    word.focus()
    assert definition.is_visible()
    window.page.keyboard.press("Escape")
    assert not definition.is_visible()


def test_the_first_use_of_a_word_is_linked_in_running_text_only(site):
    for page in sorted((site / "chapters").glob("*.html")):
        article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select_one("article")
        words = article.select("a:has(> .std-term)")
        targets = [word["href"] for word in words]
        assert len(targets) >= 5, page.name
        assert len(targets) == len(set(targets)), page.name
        assert all(word["title"] for word in words)
        assert not article.select(":is(h1, h2, h3, pre, code, table, .cell, .result) .std-term"), page.name
        assert not any(target.endswith("#term-unit") for target in targets)  # also a word of every day


def test_copy_takes_the_code_and_no_prompts_or_outputs(visit):
    window = visit(permissions=["clipboard-read", "clipboard-write"])
    window.open(CHAPTER)
    assert window.page.locator(".cell_output button.copybtn").count() == 0
    window.page.locator(".tag_parameters button.copybtn").click(force=True)
    assert window.page.evaluate("navigator.clipboard.readText()").strip() == "SEED = 1\nREPLICATES = 30\nMANY = 1000"
    window.open("reference/seeds.html")
    block = window.page.locator("div.highlight-pycon").first
    block.locator("button.copybtn").click(force=True)
    copied = window.page.evaluate("navigator.clipboard.readText()")
    lines = block.locator("pre").inner_text().splitlines()
    assert copied.strip().splitlines() == [
        re.sub(r"^(>>>|\.\.\.) ?", "", x) for x in lines if re.match(r">>>|\.\.\.", x)
    ]
