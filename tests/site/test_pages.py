"""Every page of the built site in a real browser that cannot reach anything else."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from course_pkg.publishing.book import Book
from small_book import REPOSITORY

pytestmark = pytest.mark.slow

PAGES = [*(f"{page}.html" for page in Book(REPOSITORY).pages), "search.html", "genindex.html"]

MOST_BYTES = 1_500_000

# Code is thousands of small elements in a dozen colours: of blocks with the same ones, one keeps them. Of formulas the
# first stays.
SAMPLE = """() => {
  const seen = new Set();
  for (const block of document.querySelectorAll("div.highlight > pre")) {
    const kinds = [...block.querySelectorAll("span")].map((e) => block.closest(".output") + e.className);
    if (kinds.every((kind) => seen.has(kind))) block.textContent = block.textContent;
    kinds.forEach((kind) => seen.add(kind));
  }
  [...document.querySelectorAll("mjx-container")].slice(1).forEach((formula) => formula.remove());
}"""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_open_to_all(visit, path, record_property):
    window = visit()
    window.open(path)
    page = window.page
    bytes_ = page.evaluate(
        """() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
        .reduce((sum, entry) => sum + entry.transferSize, 0)"""
    )
    record_property("bytes", bytes_)
    assert 0 < bytes_ < MOST_BYTES
    assert page.locator("mjx-merror").count() == 0
    formulas = page.locator("span.math, div.math").count()
    assert page.locator("mjx-container").count() == formulas

    page.evaluate(AXE_SCRIPT)
    page.evaluate(SAMPLE)
    page.add_style_tag(content="* { transition: none !important }")  # halfway from light to dark, nothing can be read
    barriers = []
    for width, theme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(400)  # until the theme has noticed what can be scrolled now
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("theme => Object.assign(document.documentElement.dataset, {theme, mode: theme})", theme)
        barriers += [f"{theme} {width}: {found}" for found in _barriers(page)]
    assert barriers == []
    assert window.troubles == []


def _barriers(page):
    """What axe-core finds serious or critical, as lines."""
    options = {"resultTypes": ["violations"], "preload": False}
    found = page.evaluate(f"axe.run({json.dumps(options)})")["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"][:5]
    ]


def test_all_works_from_a_folder(visit, site):
    window = visit(base=f"{site.as_uri()}/")
    for path in PAGES:
        window.open(path)
    assert window.troubles == []
