"""What the built pages hold, read without a browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from small_book import REPOSITORY

pytestmark = pytest.mark.slow


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def pages(site):
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def test_all_links_inside_the_site_lead_somewhere(site, pages):
    broken = []
    for path in pages:
        for element in parsed(path).find_all(["a", "img", "script", "link"]):
            link = urlsplit(element.get("href") or element.get("src") or "")
            if link.scheme or link.netloc:
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            if not target.is_file() or (target.suffix == ".html" and not _has(target, link.fragment)):
                broken.append(f"{path.relative_to(site)}: {link.geturl()}")
    assert broken == []


def _has(target: Path, fragment: str) -> bool:
    return not fragment or parsed(target).find(id=unquote(fragment)) is not None


def test_every_figure_says_what_it_shows(site, pages):
    silent = [
        f"{path.relative_to(site)}: {figure['src']}"
        for path in pages
        for figure in parsed(path).select("article img")
        if len(figure.get("alt", "")) < 20
    ]
    assert silent == []


def test_each_chapter_shows_times_downloads_claims_and_origin(site):
    for path in sorted((site / "chapters").glob("*.html")):
        page = parsed(path)
        opening = page.select_one("ul.course-opening")
        assert "Reading: about" in opening.text
        assert "Running:" in opening.text
        assert page.select_one("#what-this-chapter-claims table"), path
        assert "Repeat it: course book verify" in " ".join(page.select_one(".course-provenance").text.split())
        notebook = nbformat.read(site / "notebooks" / f"{path.stem}.ipynb", as_version=4)
        assert any(cell.get("outputs") for cell in notebook.cells)
        assert not any("{result}" in cell.source for cell in notebook.cells)
        zips = [link["href"] for link in opening.find_all("a") if link["href"].endswith(".zip")]
        assert len(zips) == len(list((REPOSITORY / "assignments").glob(f"ps*_{path.stem}")))


def test_the_home_page_shows_the_state_of_all_chapters(site):
    rows = parsed(site / "intro.html").select("#how-results-are-checked table tbody tr")
    assert len(rows) == len(list((site / "chapters").glob("*.html"))) + 1
