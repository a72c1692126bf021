"""What holds for every page of the book."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from course_pkg.publishing import problem_sets
from course_pkg.publishing.book import Book
from course_pkg.publishing.claims import Verdict, judge, read_claims
from course_pkg.publishing.comparison import page, read_comparisons
from course_pkg.publishing.lint import typed_results
from course_pkg.records import read_results
from small_book import REPOSITORY

BOOK = Book(REPOSITORY)
CHAPTERS = [pytest.param(chapter, id=chapter.name) for chapter in BOOK.chapters]
PAGES = sorted(path for path in BOOK.source.rglob("*.md") if "_build" not in path.parts)
WIDTH = 79


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_result_is_typed_into_the_prose(path):
    assert [str(finding) for finding in typed_results(path)] == []


def test_every_chapter_file_is_in_the_table_of_contents():
    files = {path.stem for path in (BOOK.source / "chapters").glob("*.md")}
    assert files == {chapter.name for chapter in BOOK.chapters}


def test_every_results_file_belongs_to_a_chapter():
    assert {path.stem for path in BOOK.published.glob("*.json")} == {chapter.name for chapter in BOOK.chapters}


TOPICS = {"R": 6, "F": 5, "B": 4, "I": 7, "D": 5, "L": 7, "E": 6, "C": 3, "P": 2}
"""How many topics each part of the course has; their ids are R1, R2 and so on."""


def test_every_topic_is_covered_exactly_once():
    covered = Counter(topic for chapter in BOOK.chapters for topic in chapter.covers)
    assert covered == Counter(f"{part}{number + 1}" for part, count in TOPICS.items() for number in range(count))


def test_the_chapters_stand_in_the_books_order():
    assert [chapter.name for chapter in BOOK.chapters] == [
        "what_deep_learning_is",
        "gradient_to_learning",
        "randomness",
        "batch_and_epoch",
        "initialization",
        "dropout",
        "learning_rate",
        "evaluation",
        "case_many_outputs",
        "case_imbalanced",
        "gpu_and_cloud",
        "getting_help",
    ]


def test_each_core_chapter_has_its_problem_set():
    assert [found.chapter for found in problem_sets.find(BOOK)] == [
        "randomness",
        "batch_and_epoch",
        "initialization",
        "dropout",
        "learning_rate",
        "evaluation",
    ]
    assert [found.points for found in problem_sets.find(BOOK)] == [20] * 6


def test_every_published_figure_stands_beside_ours():
    """A figure that a chapter quotes has its row on the comparison page."""
    comparisons = read_comparisons(BOOK)
    for chapter in BOOK.chapters:
        rows = " ".join(entry.published for entry in comparisons if entry.topic in chapter.covers)
        for figure in re.findall(r"\{published\}`([^`]+)`", chapter.path.read_text()):
            assert figure in rows, f"{chapter.name}: {figure}"


def test_the_verdicts_of_the_comparison_still_hold():
    assert "inside" in page(BOOK).casefold()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_has_its_form(chapter):
    source = chapter.read()
    assert chapter.covers, "front matter lacks `covers:`"
    assert all(re.fullmatch(r"[A-Z]\d", topic) for topic in chapter.covers)
    text = chapter.path.read_text()
    for heading in ("## Check yourself", "## Exercises"):
        assert heading in text
    assert text.count(":class: dropdown") >= 4, "answers and solutions are folded"
    assert "**In short.**" in text
    first = next(cell for cell in source.notebook.cells if cell.cell_type == "code")
    assert "parameters" in first.metadata["tags"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_code_fits_the_page(chapter):
    for cell in chapter.read().notebook.cells:
        if cell.cell_type == "code" and "remove-input" not in cell.metadata.get("tags", []):
            assert max(map(len, cell.source.splitlines()), default=0) <= WIDTH, cell.source


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_lab_is_imported_before_numpy_and_tensorflow(chapter):
    lines = "\n".join(c.source for c in chapter.read().notebook.cells if c.cell_type == "code").splitlines()
    imported = [line.split()[1] for line in lines if re.match(r"(import|from) ", line)]
    assert imported[0].startswith("course_pkg"), imported[0]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_figure_has_an_alternative_text(chapter):
    for cell in chapter.read().notebook.cells:
        draws = cell.cell_type == "code" and re.search(r"\b(plots\.(?!use_style)\w+|plt\.subplots)\(", cell.source)
        if draws:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_published_result_is_recorded_by_the_chapter(chapter):
    """A name that no cell records any more would be a stale number."""
    code = "\n".join(c.source for c in chapter.read().notebook.cells if c.cell_type == "code")
    patterns = [
        re.compile(re.sub(r"\\\{[^}]*\\\}", r"\\w+", re.escape(name)))
        for name in re.findall(r"record\(\s*f?[\"']([^\"']+)[\"']", code)
    ]
    for name in read_results(BOOK.published / f"{chapter.name}.json").values:
        assert any(pattern.fullmatch(name) for pattern in patterns), name


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_claims_something_that_was_tried_under_several_seeds(chapter):
    claims = read_claims(BOOK, chapter)
    assert len(claims) >= 3
    effects = json.loads((BOOK.published / "claims" / f"{chapter.name}.json").read_text())
    assert {claim.id for claim in claims} == set(effects)
    for claim in claims:
        verdict = Verdict(claim, {int(seed): effect for seed, effect in effects[claim.id].items()})
        assert len(verdict.effects) >= 3
        assert verdict.stands, verdict
    results = read_results(BOOK.published / f"{chapter.name}.json")
    for verdict in judge(claims, {1: results}):
        assert effects[verdict.claim.id]["1"] == verdict.effects[1], "publish the claims anew"


MODULES = sorted((REPOSITORY / "course_pkg").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(Path(path).relative_to(REPOSITORY)))
def test_links_from_docstrings_to_chapters_lead_somewhere(path):
    existing = {chapter.name for chapter in BOOK.chapters}
    for name in re.findall(r":doc:`chapters/(\w+)`", path.read_text()):
        assert name in existing, name


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_chapter_uses_what_its_rerun_does_not_depend_on(chapter):
    """The checks of the problem sets may change without any chapter being run anew."""
    assert "course_pkg.checks" not in chapter.path.read_text()
