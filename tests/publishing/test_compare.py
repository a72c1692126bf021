import pytest

from course_pkg.publishing.compare import differences
from course_pkg.records import ChapterResults


def results(value, tolerance=0.0, seed=1):
    return ChapterResults("x", seed, {"v": value}, {"v": tolerance})


@pytest.mark.parametrize("value", [1, 0.1, "a", True, [1, [2.5]], {"a": {"b": [1]}}])
def test_equal_values_do_not_differ(value):
    assert differences(results(value), results(value)) == []


@pytest.mark.parametrize(
    ("one", "other", "line"),
    [
        (0.1, 0.1 + 2**-58, None),  # the same double
        (0.5, 0.5 + 2**-53, "v: 0.5 against 0.5000000000000001"),
        ([1, 2, 3], [1, 5, 3], "v.1: 2 against 5"),
        ({"a": [0, 1]}, {"a": [0, 2]}, "v.a.1: 1 against 2"),
        ([1], [1, 2], "v: [1] against [1, 2]"),
        (True, 1, "v: True against 1"),
        (1, 1.0, "v: 1 against 1.0"),
        ("a", "b", "v: 'a' against 'b'"),
    ],
)
def test_the_first_difference_is_named_with_both_values(one, other, line):
    found = differences(results(one), results(other))
    assert [str(difference) for difference in found] == ([line] if line else [])


def test_tolerance_is_absolute_and_comes_from_the_first():
    one, near, far = results(10.0, 0.5), results(10.5, 0.0), results(10.6, 9.0)
    assert differences(one, near, within_tolerance=True) == []
    assert [str(d) for d in differences(one, far, within_tolerance=True)] == ["v: 10.0 against 10.6 (allowed: 0.5)"]
    assert differences(one, near) != []


def test_without_a_promise_nothing_is_compared_elsewhere_but_all_here():
    one, other = results("abc", None), results("xyz", None)
    assert differences(one, other, within_tolerance=True) == []
    assert len(differences(one, other)) == 1


def test_missing_and_added_names_are_differences_under_any_tolerance():
    one = ChapterResults("x", 1, {"a": 1}, {"a": None})
    other = ChapterResults("x", 1, {"b": 1}, {"b": None})
    found = [str(d) for d in differences(one, other, within_tolerance=True)]
    assert found == ["a: 1 against (missing)", "b: (missing) against 1"]


def test_another_seed_and_another_tolerance_are_differences():
    assert [d.key for d in differences(results(1), results(1, seed=2))] == ["(seed)"]
    assert [d.key for d in differences(results(1), results(1, tolerance=0.1))] == ["v (tolerance)"]


def test_what_needs_a_data_set_that_is_not_at_hand_may_be_missing():
    published = ChapterResults("x", 1, {"a": 1, "b": 2}, {"a": 0.0, "b": 0.0}, {"b": "pima"})
    fresh = ChapterResults("x", 1, {"a": 1}, {"a": 0.0})
    assert differences(published, fresh, without=["pima"]) == []
    assert [d.key for d in differences(published, fresh)] == ["b"]
    assert [d.key for d in differences(published, fresh, without=["sonar"])] == ["b"]
    wrong = ChapterResults("x", 1, {"a": 1, "b": 3}, {"a": 0.0, "b": 0.0}, {"b": "pima"})
    assert [d.key for d in differences(published, wrong, without=["pima"])] == ["b"]
