"""The page that holds every published figure beside ours.

``book/comparison.yml`` says what was published and which recorded value answers it. Numbers of ours come from the
committed results, and where the published figure lies is computed, so that a sentence about it cannot go stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from course_pkg.errors import CourseError
from course_pkg.publishing.book import Book
from course_pkg.publishing.numbers import look_up
from course_pkg.records import ChapterResults, read_results

__all__ = ["PAGE", "Comparison", "page", "read_comparisons", "write"]

PAGE = "comparison"
_PLACES = {"inside", "outside"}
_REQUIRED = {"topic", "what", "published", "ours", "repeats", "data", "verdict"}
_OPTIONAL = {"value", "range", "lies"}


@dataclass(frozen=True)
class Comparison:
    """One published figure and our answer to it.

    Parameters
    ----------
    topic : str
        The id that a chapter covers.
    what : str
        What was measured.
    published : str
        The figure as published.
    ours : str
        Markdown with ``{result}`` roles.
    repeats : str
        From how many runs ours comes; Markdown.
    data : str
        The data set.
    verdict : str
        One sentence.
    value : float, optional
        The published figure as a number, where there is one to compare.
    range : str or list of str, optional
        A recorded interval (``chapter:name``), or two recorded bounds.
    lies : {"inside", "outside"}, optional
        Where the verdict takes `value` to lie. `page` fails where it does not.
    """

    topic: str
    what: str
    published: str
    ours: str
    repeats: str
    data: str
    verdict: str
    value: float | None = None
    range: str | list[str] | None = None
    lies: str | None = None

    def bounds(self, results: Mapping[str, ChapterResults]) -> tuple[float, float]:
        """Return the bounds of our range.

        Raises
        ------
        CourseError
            If a name is unknown, or is not an interval and stands alone.
        """
        if isinstance(self.range, list):
            low, high = (_value(results, name) for name in self.range)
        else:
            interval = _value(results, str(self.range))
            if not isinstance(interval, dict) or "low" not in interval:
                raise CourseError(f"{self.range} is no recorded interval; give two recorded bounds as a list.")
            low, high = interval["low"], interval["high"]
        return float(low), float(high)


def read_comparisons(book: Book) -> list[Comparison]:
    """Read ``book/comparison.yml``.

    Raises
    ------
    CourseError
        If the file cannot be read, or an entry lacks a key, has one that is unknown or a number without a range.
    """
    path = book.source / f"{PAGE}.yml"
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CourseError(f"Cannot read {path}: {error}") from error
    return [_comparison(path, number, entry) for number, entry in enumerate(entries or [], start=1)]


def page(book: Book) -> str:
    """Return the page as Markdown, one table for each chapter in the book's order.

    Raises
    ------
    CourseError
        If an entry cites a result that is not published, or says that a figure lies where it does not.
    """
    results = {
        chapter.name: read_results(book.published / f"{chapter.name}.json")
        for chapter in book.chapters
        if (book.published / f"{chapter.name}.json").exists()
    }
    entries = read_comparisons(book)
    parts = [_OPENING]
    for chapter in book.chapters:
        own = [entry for entry in entries if entry.topic in chapter.covers]
        if own:
            link = f"From the chapter {{doc}}`chapters/{chapter.name}`."
            parts.append(f"## {chapter.title}\n\n{link}\n\n{_table(own, results)}\n")
    return "\n".join(parts)


def write(book: Book, target: Path) -> None:
    """Write the page into the folder that Sphinx reads."""
    (target / f"{PAGE}.md").write_text(page(book), encoding="utf-8")


_OPENING = """# Our numbers beside the published ones

The tutorials that this book goes back to printed figures. Here is each of them, and beside it what our runs gave: many
runs instead of one, with a 95 % interval where the result is random. "Inside" and "outside" say where the published
figure lies as seen from ours; this is computed, not written. A figure from one run *should* often lie outside an
interval for a mean: an interval for a mean says little about single runs.
"""


def _table(entries: Iterable[Comparison], results: Mapping[str, ChapterResults]) -> str:
    rows = ["| figure; data; repeats | published | ours | verdict |", "|---|---|---|---|"]
    for entry in entries:
        figure = f"{entry.topic}. {entry.what}; {entry.data}; {entry.repeats}"
        rows.append(f"| {figure} | {entry.published} | {entry.ours} | {_place(entry, results)}{entry.verdict} |")
    return "\n".join(rows)


def _place(entry: Comparison, results: Mapping[str, ChapterResults]) -> str:
    if entry.value is None:
        return ""
    low, high = entry.bounds(results)
    place = "inside" if low <= entry.value <= high else "outside"
    if entry.lies != place:
        raise CourseError(
            f"book/{PAGE}.yml, {entry.topic}, {entry.what}: the verdict takes {entry.value} to lie {entry.lies} of "
            f"{low:.6g} to {high:.6g}; it lies {place}. Reword the verdict."
        )
    return f"**{place.capitalize()}.** "


def _value(results: Mapping[str, ChapterResults], reference: str) -> Any:
    chapter, _, name = reference.partition(":")
    if chapter not in results:
        raise CourseError(f"book/{PAGE}.yml: {reference!r} names a chapter without published results.")
    return look_up(results[chapter], name)


def _comparison(path: Path, number: int, entry: Any) -> Comparison:
    if not isinstance(entry, dict):
        raise CourseError(f"{path}, entry {number}: it is not a mapping.")
    name = f"{path}, entry {number} ({entry.get('topic', '?')}, {entry.get('what', '?')})"
    missing, unknown = sorted(_REQUIRED - entry.keys()), sorted(entry.keys() - _REQUIRED - _OPTIONAL)
    if missing or unknown:
        found = [*(f"{key} is missing" for key in missing), *(f"{key} is unknown" for key in unknown)]
        raise CourseError(f"{name}: {'; '.join(found)}.")
    present = [key for key in sorted(_OPTIONAL) if key in entry]
    if present and len(present) < len(_OPTIONAL):
        raise CourseError(f"{name}: value, range and lies belong together; only {', '.join(present)} is there.")
    if present and entry["lies"] not in _PLACES:
        raise CourseError(f"{name}: lies must be inside or outside, got {entry['lies']!r}.")
    if present and (isinstance(entry["value"], bool) or not isinstance(entry["value"], (int, float))):
        raise CourseError(f"{name}: value must be a number, got {entry['value']!r}.")
    texts: dict[str, Any] = {key: " ".join(str(entry[key]).split()) for key in _REQUIRED}
    return Comparison(**texts, **{key: entry[key] for key in present})
