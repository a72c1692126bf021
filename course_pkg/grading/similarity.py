"""Find solutions that are nearly the same, by copydetect: a hint where to look, never a proof.

Names, comments and white space do not count; what was handed out does not count either.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
from copydetect import CodeFingerprint, compare_files  # type: ignore[import-untyped]
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["Excerpt", "Group", "near_identical"]

_GRAM = 25  # characters without names and spaces; copydetect's default
_WINDOW = 1  # all fingerprints: a sample of them would depend on Python's hash seed, and so on the day
_LEAST = 150  # characters of a student's own; a shorter answer leaves no choice how to write it
_WORTH_A_LOOK = 0.4  # share of equal fingerprints: less, and 9 characters of 10 cannot be alike in pieces of 43
_LONGEST = 6000  # characters of an excerpt

Excerpt = list[tuple[str, bool]]
"""Pieces of a text, each with whether it is in both."""


class Group(NamedTuple):
    """Students whose solutions are nearly the same.

    Parameters
    ----------
    students : list of str
    similarity : float
        Of the most similar pair: the share of the one's code that is in the other's, the smaller of both ways.
    pair : tuple of str
        The most similar two.
    excerpts : tuple of Excerpt
        Their code.
    """

    students: list[str]
    similarity: float
    pair: tuple[str, str]
    excerpts: tuple[Excerpt, Excerpt]


class _Likeness(NamedTuple):
    share: float
    first: int
    second: int
    spots: tuple[Any, Any]


def near_identical(solutions: Mapping[str, str], handed_out: str, threshold: float = 0.9) -> list[Group]:
    """Return groups of students whose code is nearly the same.

    Parameters
    ----------
    solutions : mapping of str to str
        Each student's code.
    handed_out : str
        The code that all were given.
    threshold : float
        The least share of each one's own code that is in the other's.

    Returns
    -------
    list of Group
        The most similar first. Who is alike somebody of a group belongs to it.
    """
    boilerplate = np.array(sorted(_fingerprint("handed out", handed_out, np.array([])).hashes))
    prints = [_fingerprint(name, solutions[name], boilerplate) for name in sorted(solutions)]
    own = [found for found in prints if found.token_coverage >= _LEAST]
    pairs = (_compared(own, *pair, threshold) for pair in combinations(range(len(own)), 2))
    alike = sorted((pair for pair in pairs if pair), key=lambda pair: (-pair.share, pair.first, pair.second))
    return _groups(own, alike)


def _fingerprint(name: str, code: str, boilerplate: Any) -> CodeFingerprint:
    text = io.StringIO(code, newline="")
    return CodeFingerprint(name, _GRAM, _WINDOW, boilerplate=boilerplate, language="python", fp=text)


def _compared(prints: list[CodeFingerprint], first: int, second: int, threshold: float) -> _Likeness | None:
    one, other = prints[first], prints[second]
    # the slow comparison only where it can matter: a class of 300 has 44,850 pairs
    if len(one.hashes & other.hashes) < _WORTH_A_LOOK * min(len(one.hashes), len(other.hashes)):
        return None
    _, shares, spots = compare_files(one, other)
    share = min(1.0, float(min(shares)))
    return _Likeness(share, first, second, spots) if share >= threshold else None


def _groups(prints: list[CodeFingerprint], alike: list[_Likeness]) -> list[Group]:
    """Join pairs that share a student; each group is shown by its most similar pair."""
    size = len(prints)
    edges = ([1] * len(alike), ([pair.first for pair in alike], [pair.second for pair in alike]))
    _, labels = connected_components(coo_array(edges, shape=(size, size)), directed=False)
    best: dict[int, _Likeness] = {}
    for pair in alike:
        best.setdefault(labels[pair.first], pair)
    return [_group(prints, np.flatnonzero(labels == label), pair) for label, pair in best.items()]


def _group(prints: list[CodeFingerprint], members: Iterable[int], pair: _Likeness) -> Group:
    one, other = prints[pair.first], prints[pair.second]
    excerpts = (_excerpt(one.raw_code, pair.spots[0]), _excerpt(other.raw_code, pair.spots[1]))
    return Group([prints[member].filename for member in members], pair.share, (one.filename, other.filename), excerpts)


def _excerpt(code: str, spots: Any) -> Excerpt:
    """Cut the text at the borders of what is in both; copydetect's borders may lie outside the text."""
    shared = np.zeros(min(len(code), _LONGEST), dtype=bool)
    for start, end in np.asarray(spots, dtype=int).T:
        shared[max(start, 0) : max(end, 0)] = True
    borders = [0, *(np.flatnonzero(np.diff(shared)) + 1), len(shared)]
    pieces = [(code[a:b], bool(shared[a])) for a, b in pairwise(borders) if b > a]
    return [*pieces, ("…", False)] if len(code) > _LONGEST else pieces
