"""The marked regions of a source cell: solutions and hidden tests, which students must not see."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HIDDEN", "SOLUTION", "Mark", "Region", "RegionError", "split"]


@dataclass(frozen=True)
class Mark:
    """The lines that open and close a region.

    Parameters
    ----------
    begin, end : str
        As nbgrader looks for them.
    """

    begin: str
    end: str


SOLUTION = Mark("### BEGIN SOLUTION", "### END SOLUTION")
"""nbgrader replaces what is between these by a line that raises NotImplementedError."""

HIDDEN = Mark("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
"""nbgrader removes what is between these."""


class RegionError(ValueError):
    """Marks that do not come in pairs."""


@dataclass(frozen=True)
class Region:
    """The two parts of a cell.

    Parameters
    ----------
    inside, outside : tuple of str
        Lines, without the marks.
    """

    inside: tuple[str, ...]
    outside: tuple[str, ...]


def split(source: str, mark: Mark) -> Region:
    """Separate a cell's marked lines from the others.

    Parameters
    ----------
    source : str
    mark : Mark

    Raises
    ------
    RegionError
        If a region is not closed, or closed twice.

    Examples
    --------
    >>> split("a\\n### BEGIN SOLUTION\\nb\\n### END SOLUTION", SOLUTION)
    Region(inside=('b',), outside=('a',))
    """
    inside: list[str] = []
    outside: list[str] = []
    is_open = False
    for number, line in enumerate(source.splitlines(), start=1):
        if mark.begin in line or mark.end in line:
            if (mark.begin in line) == is_open:
                raise RegionError(f"line {number}: `{line.strip()}` has no counterpart. Add `{_other(line, mark)}`.")
            is_open = not is_open
        else:
            (inside if is_open else outside).append(line)
    if is_open:
        raise RegionError(f"`{mark.begin}` is never closed. Add `{mark.end}`.")
    return Region(tuple(inside), tuple(outside))


def _other(line: str, mark: Mark) -> str:
    return mark.end if mark.begin in line else mark.begin
