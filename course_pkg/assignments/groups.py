"""Put wrong answers to several tasks into one notebook, and still see that each costs points of its own task alone.

A wrong answer to task A must leave task B its full marks. To see that, some notebook must have it while B's answer is
right. So give each task a different set of notebooks in which its answer is wrong, such that no task's set contains
another's: then for any A and B there is a notebook where A is wrong and B is right. By Sperner's theorem, n notebooks
have room for as many tasks as there are ways to choose n // 2 of n, and for no more. Four notebooks do for six tasks.
"""

from __future__ import annotations

from itertools import combinations, count, islice
from math import comb

__all__ = ["groups"]


def groups(tasks: list[str]) -> list[list[str]]:
    """Return the tasks whose answers are wrong, for each of as few notebooks as can be.

    Parameters
    ----------
    tasks : list of str

    Returns
    -------
    list of list of str
        For any two tasks, one of the lists has the first and lacks the second.

    Examples
    --------
    >>> groups(["a", "b", "c"])
    [['a'], ['b'], ['c']]
    >>> groups(["a", "b", "c", "d", "e", "f"])
    [['a', 'b', 'c'], ['a', 'd', 'e'], ['b', 'd', 'f'], ['c', 'e', 'f']]
    """
    size = next(n for n in count(1) if comb(n, n // 2) >= len(tasks))
    # with one notebook, the only task must be wrong in it, not in none
    sets = list(islice(combinations(range(size), max(1, size // 2)), len(tasks)))
    found = [[task for task, own in zip(tasks, sets, strict=True) if number in own] for number in range(size)]
    return [group for group in found if group]
