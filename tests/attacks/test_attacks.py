"""Hostile submissions, graded as all are: none gains a mark, learns a secret, does damage or stops the others."""

import os
from contextlib import ExitStack

import pytest
from attacks.arena import Ours, open_arena
from attacks.catalogue import ATTACKS, FAMILIES
from attacks.problem_set import KERAS, PLAIN

pytestmark = pytest.mark.slow

MODES = ("bubblewrap", "landlock")
TRIED = [(f"{mode}-warm", attack) for mode in MODES for attack in ATTACKS]
# A cold kernel is confined by the same steps, but takes seconds to start: every fourth attack meets one mode, by turns.
EVERY = bool(os.environ.get("COURSE_EVERY_ATTACK"))
TRIED += [
    (f"{mode}-cold", attack)
    for turn, mode in enumerate(MODES)
    for number, attack in enumerate(ATTACKS)
    if EVERY or number % 8 == 4 * turn
]


def test_the_catalogue_is_as_large_as_promised():
    assert len(ATTACKS) >= 45
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert all(FAMILIES.values())


@pytest.fixture(scope="module")
def open_one(tmp_path_factory):
    """Open an arena by its name, such as "bubblewrap-warm"; the one before is closed.

    It is no parameter of the fixture, since pytest would open it anew for each attack that is a parameter beside it.
    """
    with ExitStack() as stack:
        opened = {}

        def arena(name):
            if name not in opened:
                stack.close()
                opened.clear()
                mode, start = name.split("-")
                patch = stack.enter_context(pytest.MonkeyPatch.context())
                patch.setenv("COURSE_SANDBOX", mode)
                patch.setenv("COURSE_WARM", "1" if start == "warm" else "0")
                opened[name] = stack.enter_context(open_arena(tmp_path_factory.mktemp(name), Ours()))
            return opened[name]

        yield arena


@pytest.mark.parametrize(("name", "attack"), TRIED, ids=str)
def test_attack(open_one, name, attack):
    arena = open_one(name)
    result = arena.grade(attack)
    assert not list(arena.violations(attack, result)), attack.what


@pytest.mark.parametrize("problem_set", [PLAIN, KERAS], ids=["plain", "keras"])
@pytest.mark.parametrize("name", [f"{mode}-{start}" for start in ("warm", "cold") for mode in MODES])
def test_who_comes_after_all_of_them_gets_his_marks(open_one, name, problem_set):
    result = open_one(name).grade_honest(problem_set, f"last_{problem_set.name}")
    marks = {name: grade["auto_score"] for name, grade in result.rows["notebooks"][problem_set.name]["grades"].items()}
    expected = problem_set.marks(tuple(problem_set.right))
    assert {name: marks[name] for name in expected} == expected
