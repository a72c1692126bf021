"""What a chapter is at a glance: how long it takes, what it offers, and how well its claims and results stand."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from course_pkg.publishing import downloads
from course_pkg.publishing.book import Chapter

__all__ = ["STATES", "Overview", "opening", "reading_minutes", "states"]

STATES = "<!-- the state of all chapters -->"
"""Where on the home page the table of all chapters goes."""

_WORDS_A_MINUTE = 200  # of technical prose, read to be understood
_LINES_A_MINUTE = 20  # of code
_HIDDEN = {"remove-input", "remove-cell", "injected-parameters"}


@dataclass(frozen=True)
class Overview:
    """A chapter's figures.

    Parameters
    ----------
    chapter : Chapter
    minutes : int
        Estimated time to read it.
    record : dict
        Of its last run.
    values : int
        How many it recorded.
    claims, held : int
        What it claims, and how many of these claims stand.
    """

    chapter: Chapter
    minutes: int
    record: dict[str, Any]
    values: int
    claims: int
    held: int

    @property
    def digest(self) -> str:
        """The first digits of the hash of its results."""
        return str(self.record["outputs"][f"{self.chapter.name}.json"][:12])

    @property
    def day(self) -> str:
        """When it was run."""
        date = datetime.fromisoformat(self.record["date"])
        return f"{date.day} {date:%B %Y}"


def reading_minutes(notebook: Any) -> int:
    """Estimate how long a chapter takes to read, from its words and its visible lines of code."""
    words, lines = 0, 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            words += len(re.findall(r"[^\W_]+", cell.source))
        elif not _HIDDEN & set(cell.metadata.get("tags", [])):
            lines += sum(1 for line in cell.source.splitlines() if line.strip())
    return math.ceil(words / _WORDS_A_MINUTE + lines / _LINES_A_MINUTE)


def opening(overview: Overview, repository: downloads.Repository | None, student_zip: str | None) -> str:
    """Return what stands under a chapter's title: times, and links to all that the chapter offers.

    Parameters
    ----------
    overview : Overview
    repository : Repository or None
        With it, there are links to Colab and Binder.
    student_zip : str or None
        Name of the zip of the chapter's problem set, beside the notebooks.
    """
    name = overview.chapter.name
    links = [("The notebook, with outputs", f"../{downloads.FOLDER}/{name}.ipynb", " download")]
    if repository:
        links += [("Open in Colab", repository.colab(name), ""), ("Open on Binder", repository.binder(name), "")]
    if student_zip:
        links.append(("Problem set", f"../{downloads.FOLDER}/{student_zip}", " download"))
    items = [f"Reading: about {overview.minutes} minutes", f"Running: {_span(overview.record['seconds'])}"]
    items += [f'<a href="{escape(address)}"{more}>{escape(text)}</a>' for text, address, more in links]
    return '<ul class="course-opening">\n' + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>\n"


def states(overviews: Sequence[Overview]) -> str:
    """Return the table of all chapters, in Markdown."""
    rows = [
        "| chapter | claims held | recorded values | results | last run | run time | reading |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in overviews:
        rows.append(
            f"| {{doc}}`chapters/{one.chapter.name}` | {one.held} of {one.claims} | {one.values:,} | `{one.digest}` "
            f"| {one.record['date'][:10]} | {_span(one.record['seconds'])} | {_span(60 * one.minutes)} |"
        )
    rows.append(
        f"| **all** | {sum(one.held for one in overviews)} of {sum(one.claims for one in overviews)} "
        f"| {sum(one.values for one in overviews):,} | | | {_span(sum(one.record['seconds'] for one in overviews))} "
        f"| {_span(60 * sum(one.minutes for one in overviews))} |"
    )
    # A cell is narrow: what is one thing to the reader stays on one line.
    unbroken = {ord("-"): "\N{NON-BREAKING HYPHEN}", ord(" "): "\N{NO-BREAK SPACE}"}
    whole = r"\b\d+ of \d+\b|\b\d+ (?:s|min|h)\b|\d{4}-\d\d-\d\d"
    return re.sub(whole, lambda found: found[0].translate(unbroken), "\n".join(rows))


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
