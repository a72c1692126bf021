"""Label the list of references as the text cites them: by author and year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle

__all__ = ["AuthorYear", "Labels", "setup"]


class Labels(BaseLabelStyle):  # type: ignore[misc]  # pybtex has no types
    """Labels such as ``Glorot and Bengio, 2010``, which is how ``bibtex_reference_style: author_year`` cites."""

    def format_labels(self, sorted_entries: Iterable[Any]) -> Iterator[str]:
        """Return one label for each entry, in their order."""
        for entry in sorted_entries:
            names = [" ".join(str(part) for part in person.rich_last_names) for person in entry.persons["author"]]
            who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
            yield f"{who}, {entry.fields['year']}"


class AuthorYear(PlainStyle):  # type: ignore[misc]
    """Entries as in pybtex's plain style, under those labels."""

    default_label_style = "course_author_year"
    default_sorting_style = "author_year_title"


def setup() -> None:
    """Make the style known to Sphinx's bibliography under the name ``course``."""
    register_plugin("pybtex.style.labels", "course_author_year", Labels)
    register_plugin("pybtex.style.formatting", "course", AuthorYear)
