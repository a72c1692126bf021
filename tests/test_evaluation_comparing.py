import course_pkg  # noqa: F401  before NumPy: it sets the preset

# isort: split
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from course_pkg.evaluation import METHODS, compare, compare_many, expected_best

FINITE = st.floats(-1e3, 1e3, allow_nan=False, allow_subnormal=False)
CONFIDENCE = st.floats(0.5, 0.999)


@st.composite
def pairs(draw, shape=None):
    shape = draw(st.integers(3, 30)) if shape is None else shape
    a, b = draw(arrays(float, shape, elements=FINITE)), draw(arrays(float, shape, elements=FINITE))
    # a spread well above rounding, in any direction
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(size=a.shape)
    return a + noise, b


class TestPairedT:
    @given(pairs(), CONFIDENCE)
    @settings(deadline=None)
    def test_agrees_with_scipy_and_statsmodels(self, ab, confidence):
        a, b = ab
        found = compare(a, b, confidence=confidence)
        reference = stats.ttest_rel(a, b)
        interval = DescrStatsW(a - b).tconfint_mean(1 - confidence)
        assert found.statistic == pytest.approx(reference.statistic, rel=1e-6, abs=1e-9)
        assert found.p_value == pytest.approx(reference.pvalue, rel=1e-6, abs=1e-12)
        assert found.difference[1:3] == pytest.approx(interval, rel=1e-6, abs=1e-6)
        assert found.effect_size == pytest.approx(reference.statistic / math.sqrt(len(a)), rel=1e-6, abs=1e-9)

    @pytest.mark.parametrize("method", ["t", "corrected"])
    @given(pairs(), CONFIDENCE)
    @settings(deadline=None, max_examples=50)
    def test_shows_a_difference_if_and_only_if_the_interval_excludes_zero(self, method, ab, confidence):
        sizes = {"n_train": 9, "n_validation": 1} if method == "corrected" else {}
        found = compare(*ab, method=method, confidence=confidence, **sizes)
        assert found.is_shown == (not found.difference.includes(0.0))

    @given(pairs())
    @settings(deadline=None, max_examples=50)
    def test_turns_round_with_its_arguments(self, ab):
        forth, back = compare(*ab), compare(*ab[::-1])
        assert back.difference[:3] == pytest.approx([-forth.difference[i] for i in (0, 2, 1)])
        assert back.p_value == pytest.approx(forth.p_value)
        assert back.direction == -forth.direction

    def test_pairs_series_by_their_index(self):
        a = pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2])
        b = pd.Series([3.5, 2.0, 0.5], index=[2, 1, 0])
        assert compare(a, b) == compare(a.to_numpy(), b.loc[[0, 1, 2]].to_numpy())

    def test_pairing_beats_no_pairing_on_twin_runs(self):
        generator = np.random.default_rng(0)
        shared = generator.normal(0, 1, 30)
        a, b = shared + 0.2 + generator.normal(0, 0.1, 30), shared + generator.normal(0, 0.1, 30)
        assert compare(a, b).is_shown
        assert stats.ttest_ind(a, b).pvalue > 0.05


class TestCorrected:
    @given(pairs(), st.integers(10, 1000), st.integers(1, 500), CONFIDENCE)
    @settings(deadline=None)
    def test_is_the_plain_test_with_a_larger_variance(self, ab, n_train, n_validation, confidence):
        a, b = ab
        found = compare(a, b, method="corrected", n_train=n_train, n_validation=n_validation, confidence=confidence)
        n = len(a)
        plain = stats.ttest_rel(a, b)
        shrink = math.sqrt(1 / (1 + n * n_validation / n_train))
        assert found.statistic == pytest.approx(plain.statistic * shrink, rel=1e-6, abs=1e-9)
        assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.statistic), n - 1))
        width = plain.confidence_interval(confidence).high - (a - b).mean()
        assert found.difference.half_width == pytest.approx(width / shrink, rel=1e-6, abs=1e-9)

    def test_of_three_repeats_of_five_folds(self):
        differences = np.arange(15) / 100
        variance = differences.var(ddof=1)
        expected = differences.mean() / math.sqrt((1 / 15 + 0.25) * variance)
        found = compare(differences, np.zeros(15), method="corrected", n_train=80, n_validation=20)
        assert found.statistic == pytest.approx(expected, rel=1e-12)

    def test_keeps_its_level_where_the_plain_test_does_not(self):
        # Two learners that each look at a feature of their own, neither of which says anything about y: on one data
        # set the splits agree on a winner, by chance; over data sets there is none.
        generator = np.random.default_rng(0)
        plain, corrected = [], []
        for _ in range(200):
            y, *features = generator.normal(size=(3, 60))
            differences = [self.difference_on_a_split(y, features, generator.permutation(60)) for _ in range(15)]
            zeros = np.zeros(15)
            plain.append(compare(differences, zeros).is_shown)
            corrected.append(compare(differences, zeros, method="corrected", n_train=30, n_validation=30).is_shown)
        assert np.mean(plain) > 0.2
        assert np.mean(corrected) < 0.1

    @staticmethod
    def difference_on_a_split(y, features, rows):
        train, test = rows[:30], rows[30:]
        errors = [np.mean((y[test] - x[test] * (x[train] @ y[train]) / (x[train] @ x[train])) ** 2) for x in features]
        return errors[0] - errors[1]


class TestFiveByTwo:
    @given(pairs(shape=(5, 2)))
    @settings(deadline=None)
    def test_is_dietterichs_formula(self, ab):
        a, b = ab
        found = compare(a, b, method="5x2cv")
        p = a - b
        squares = [(p[i, 0] - p[i].mean()) ** 2 + (p[i, 1] - p[i].mean()) ** 2 for i in range(5)]
        assert found.statistic == pytest.approx(p[0, 0] / math.sqrt(sum(squares) / 5), rel=1e-9)
        assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.statistic), 5))
        assert found.is_shown == (not found.difference.includes(0.0))

    def test_takes_five_by_two(self):
        with pytest.raises(ValueError, match=r"shape \(5, 2\)"):
            compare(np.ones((2, 5)), np.zeros((2, 5)), method="5x2cv")
        with pytest.raises(ValueError, match="2 dimensions"):
            compare(np.ones(10), np.zeros(10), method="5x2cv")

    def test_says_when_the_folds_leave_no_spread(self):
        a = np.repeat(np.arange(5.0)[:, None], 2, axis=1)
        with pytest.raises(ValueError, match="no spread"):
            compare(a, np.zeros((5, 2)), method="5x2cv")


class TestWilcoxon:
    @given(pairs())
    @settings(deadline=None, max_examples=40)
    def test_is_scipys(self, ab):
        found = compare(*ab, method="wilcoxon")
        assert found.p_value == stats.wilcoxon(ab[0] - ab[1]).pvalue

    def test_goes_by_ranks_where_the_mean_points_the_other_way(self):
        differences = np.r_[np.linspace(1, 2, 20), -200.0]
        found = compare(differences, np.zeros(21), method="wilcoxon")
        assert found.difference.estimate < 0
        assert found.direction == 1
        assert "a tends to score higher than b" in found.conclusion

    def test_two_equal_differences_show_nothing(self):
        found = compare([1.0, 1.0], [0.5, 0.5], method="wilcoxon")
        assert found.p_value == 0.5
        assert not found.is_shown
        assert "asks for more" in found.conclusion


class TestConclusion:
    def test_says_which_is_higher(self):
        found = compare([2.0, 3.1, 4.0], [1.0, 2.0, 3.1], names=("wide", "plain"))
        assert found.conclusion.startswith("With other seeds on the same data, wide tends to score higher than plain:")
        assert str(found) == found.conclusion
        turned = compare([1.0, 2.0, 3.1], [2.0, 3.1, 4.0], names=("plain", "wide"))
        assert "wide tends to score higher than plain: plain minus wide is -1.0" in turned.conclusion

    def test_no_difference_shown_is_not_equality(self):
        found = compare([1.0, 2.0, 3.0], [1.1, 1.9, 3.05])
        assert "no difference between a and b is shown, which does not show that they are equal" in found.conclusion
        assert found.conclusion.count(".\n") == 0

    def test_equal_scores(self):
        for method in ("t", "wilcoxon"):
            found = compare([1.0, 2.0], [1.0, 2.0], method=method)
            assert found.conclusion == "a and b have the same score in all 2 pairs."
            assert found.p_value == 1.0
            assert found.effect_size is None

    @pytest.mark.parametrize("method", ["t", "wilcoxon", "corrected"])
    def test_a_last_digit_is_no_difference(self, method):
        sizes = {"n_train": 9, "n_validation": 1} if method == "corrected" else {}
        a = np.array([0.3, 0.6, 0.7, 1e3])
        b = np.array([0.1 + 0.2, 0.6, 0.1 * 7, np.nextafter(1e3, 0)])
        assert not np.array_equal(a, b)
        assert compare(a, b, method=method, **sizes).conclusion == "a and b have the same score in all 4 pairs."

    def test_a_shift_with_rounding_errors_has_no_effect_size(self):
        a = np.linspace(0, 1, 10)
        found = compare(a + 0.1, a)
        assert found.effect_size is None
        assert found.is_shown

    def test_scope_follows_the_method(self):
        a, b = np.arange(6.0), np.zeros(6)
        assert "other seeds" in compare(a, b, method="wilcoxon").conclusion
        corrected = compare(a, b, method="corrected", n_train=9, n_validation=1)
        assert "other training data" in corrected.conclusion

    def test_goes_into_a_table_and_json(self):
        found = compare([1.0, 2.0, 3.0], [1.1, 1.9, 3.05])
        row = json.loads(json.dumps(found.as_dict(), allow_nan=False))
        assert row["difference"] == found.difference.estimate
        assert row["d_z"] == found.effect_size
        assert row["conclusion"] == found.conclusion

    def test_every_method_has_a_name(self):
        assert set(METHODS) == {"t", "corrected", "5x2cv", "wilcoxon"}


class TestBadInput:
    @pytest.mark.parametrize(
        ("a", "b", "options", "words"),
        [
            ([1, 2], [1, 2, 3], {}, "must be paired"),
            ([1, math.nan], [1, 2], {}, "a has 1 of 2 values that are NaN"),
            ([1, 2], [1, math.inf], {}, "b has 1 of 2 values"),
            ([], [], {}, "a is empty"),
            ([1], [2], {}, "at least 2"),
            ([1, 2], [3, 4], {"method": "anova"}, "no method 'anova'.* Choose one of: t, corrected, 5x2cv, wilcoxon"),
            ([1, 2], [3, 5], {"method": "corrected"}, "takes n_train and n_validation"),
            ([1, 2], [3, 5], {"method": "corrected", "n_train": 0, "n_validation": 1}, "n_train must be 1 or more"),
            ([1, 2], [3, 5], {"n_train": 10}, "makes no use"),
            ([1, 2], [3, 5], {"confidence": 95}, "confidence must lie"),
        ],
    )
    def test_each_has_its_error(self, a, b, options, words):
        with pytest.raises(ValueError, match=words):
            compare(a, b, **options)

    def test_series_that_do_not_pair(self):
        a = pd.Series([1.0, 2.0], index=[0, 1])
        with pytest.raises(ValueError, match="in one of them only"):
            compare(a, pd.Series([1.0, 2.0], index=[1, 2]))
        with pytest.raises(ValueError, match="b has more than one score for 0"):
            compare(a, pd.Series([1.0, 2.0], index=[0, 0]))


class TestMany:
    # few: statsmodels calls the garbage collector each time, 0.2 s with all that the tests have loaded
    @pytest.mark.slow
    @given(st.integers(2, 5), st.integers(0, 2**32 - 1))
    @settings(deadline=None, max_examples=8)
    def test_holm_is_statsmodels_and_pairs_are_all(self, models, seed):
        generator = np.random.default_rng(seed)
        scores = {f"m{i}": generator.normal(size=8) for i in range(models)}
        found = compare_many(scores)
        assert len(found) == models * (models - 1) // 2
        raw = [one.p_value for one in found]
        assert [one.p_adjusted for one in found] == pytest.approx(multipletests(raw, method="holm")[1])
        assert all(one.p_adjusted >= one.p_value for one in found)

    def test_baseline_takes_fewer_comparisons(self):
        scores = {"plain": [1.0, 2.0, 3.1], "wide": [2.0, 3.1, 4.0], "deep": [1.1, 2.0, 3.0]}
        assert [one.names for one in compare_many(scores, baseline="plain")] == [("wide", "plain"), ("deep", "plain")]

    def test_correction_can_take_a_finding_back_and_says_so(self):
        generator = np.random.default_rng(3)
        scores = {f"m{i}": generator.normal(size=10) for i in range(8)}
        found = compare_many(scores)
        lost = [one for one in found if one.p_value < 0.05 and not one.is_shown]
        assert lost
        assert "after Holm's correction for 28 comparisons" in lost[0].conclusion
        assert "no difference" in lost[0].conclusion

    @pytest.mark.slow
    def test_false_findings_stay_rare_in_the_family(self):
        generator = np.random.default_rng(0)
        families = [compare_many({f"m{i}": generator.normal(size=10) for i in range(5)}) for _ in range(40)]
        raw = np.mean([any(one.p_value < 0.05 for one in family) for family in families])
        held = np.mean([any(one.is_shown for one in family) for family in families])
        assert raw > 0.1
        assert held < raw
        assert held < 0.15

    def test_bad_input(self):
        with pytest.raises(ValueError, match="2 models or more"):
            compare_many({"a": [1, 2]})
        with pytest.raises(ValueError, match=r"no model 'c' to be the baseline\. Choose one of: a, b"):
            compare_many({"a": [1, 2], "b": [1, 3]}, baseline="c")


class TestExpectedBest:
    @given(arrays(float, st.integers(2, 30), elements=FINITE), st.integers(1, 50))
    def test_lies_between_mean_and_maximum_and_grows(self, scores, tries):
        now, more = expected_best(scores, tries), expected_best(scores, tries + 1)
        assert scores.mean() - 1e-9 <= now <= more + 1e-9 <= scores.max() + 2e-9
        assert expected_best(scores, 1) == pytest.approx(scores.mean(), abs=1e-9)

    def test_agrees_with_drawing(self):
        generator = np.random.default_rng(0)
        scores = generator.normal(size=20)
        drawn = generator.choice(scores, size=(20_000, 7)).max(axis=1)
        error = drawn.std() / math.sqrt(len(drawn))
        assert abs(expected_best(scores, 7) - drawn.mean()) < 4 * error

    def test_bad_input(self):
        with pytest.raises(ValueError, match="tries must be 1 or more"):
            expected_best([1, 2], 0)
