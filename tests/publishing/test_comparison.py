"""The page of published figures beside ours."""

import json

import pytest
import yaml

from course_pkg.errors import CourseError
from course_pkg.publishing.book import Book
from course_pkg.publishing.comparison import page, read_comparisons

INTERVAL = {"estimate": 0.5, "low": 0.4, "high": 0.6, "confidence": 0.95}
ENTRY = {
    "topic": "R1",
    "what": "an error",
    "published": "0.45",
    "ours": "{result}`first:error`",
    "repeats": 30,
    "data": "sequence",
    "verdict": "As expected.",
}
PLACED = {**ENTRY, "value": 0.45, "range": "first:error", "lies": "inside"}


@pytest.fixture
def compared(small_book):
    """Return a function that writes the entries and gives the book."""

    def write(*entries):
        small_book.add("first")
        book = Book(small_book.root)
        results = {"chapter": "first", "seed": 1, "values": {}}
        for name, value in {"error": INTERVAL, "low": 0.1, "high": 0.2}.items():
            results["values"][name] = {"value": value, "tolerance": 0}
        (book.published / "first.json").write_text(json.dumps(results))
        (book.source / "comparison.yml").write_text(yaml.safe_dump(list(entries)))
        return book

    return write


def test_a_figure_inside_our_interval_is_said_to_lie_there(compared):
    text = page(compared(PLACED))
    assert "| R1. an error; sequence; 30 | 0.45 | {result}`first:error` | **Inside.** As expected. |" in text
    assert "{doc}`chapters/first`" in text


def test_two_bounds_do_as_well(compared):
    assert "**Outside.**" in page(compared({**PLACED, "range": ["first:low", "first:high"], "lies": "outside"}))


def test_without_a_number_nothing_is_said_of_its_place(compared):
    assert "| As expected. |" in page(compared(ENTRY))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lies": "outside"}, "it lies inside. Reword the verdict"),
        ({"range": "first:low"}, "no recorded interval"),
        ({"range": "first:eror"}, "Did you mean error"),
        ({"range": "second:error"}, "without published results"),
    ],
)
def test_a_verdict_that_does_not_hold_fails(compared, change, said):
    with pytest.raises(CourseError, match=said):
        page(compared({**PLACED, **change}))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({key: value for key, value in ENTRY.items() if key != "data"}, r"entry 1 \(R1, an error\): data is missing"),
        ({**ENTRY, "datum": 1}, "datum is unknown"),
        ({**ENTRY, "value": 0.45}, "belong together; only value"),
        ({**PLACED, "value": "0.45"}, "value must be a number, got '0.45'"),
        ({**PLACED, "lies": "near"}, "inside or outside, got 'near'"),
        ("R1", "not a mapping"),
    ],
)
def test_a_malformed_entry_is_named(compared, entry, said):
    with pytest.raises(CourseError, match=said):
        read_comparisons(compared(entry))


def test_a_missing_file_is_named(small_book):
    with pytest.raises(CourseError, match=r"comparison\.yml"):
        read_comparisons(Book(small_book.root))
