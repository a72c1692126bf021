import course_pkg  # noqa: F401  before NumPy: it sets the preset

# isort: split
import json
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from course_pkg.evaluation import Interval, normality, repeats_needed, running, summarize

FINITE = st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False)
SCORES = st.lists(FINITE, min_size=2, max_size=60).filter(lambda values: np.std(values) > 1e-6)
CONFIDENCE = st.floats(0.5, 0.999)
QUICK = {"resamples": 99}


def scale(values):
    return 1e-9 * (1 + np.max(np.abs(values)))


class TestInterval:
    def test_goes_into_json_as_it_is(self):
        interval = summarize([1.0, 2.0, 4.0]).t
        assert Interval(**json.loads(json.dumps(interval._asdict()))) == interval

    def test_is_written_to_two_digits_of_its_half_width(self):
        assert str(Interval(0.98765, 0.97612, 0.9987, 0.9)) == "0.988 (90 % interval 0.976 to 0.999)"
        assert str(Interval(1234.5, 1034.5, 1434.5)) == "1230 (95 % interval 1030 to 1430)"

    @pytest.mark.parametrize("value", [0.0, -3.5, 1e-12, 1e12])
    def test_of_no_width_is_written(self, value):
        assert float(str(Interval(value, value, value)).split()[0]) == value

    def test_tiny_numbers_are_not_written_as_zero(self):
        assert str(Interval(3.14159e-9, 3e-9, 3.3e-9)) == "3.14e-09 (95 % interval 3.00e-09 to 3.30e-09)"

    def test_includes_its_bounds(self):
        interval = Interval(2.0, 1.0, 3.0)
        assert interval.includes(1.0)
        assert interval.includes(3.0)
        assert not interval.includes(3.1)
        assert interval.half_width == 1.0


class TestSummarize:
    @given(SCORES, CONFIDENCE)
    @settings(deadline=None, max_examples=60)
    def test_agrees_with_statsmodels(self, scores, confidence):
        summary = summarize(scores, confidence=confidence, **QUICK)
        reference = DescrStatsW(scores)
        tolerance = scale(scores)
        assert summary.n == len(scores)
        assert summary.mean == pytest.approx(reference.mean, abs=tolerance)
        assert summary.std == pytest.approx(reference.std_ddof(1), rel=1e-6)
        assert summary.standard_error == pytest.approx(reference.std_mean, rel=1e-6)
        t = reference.tconfint_mean(1 - confidence)
        z = reference.zconfint_mean(1 - confidence)
        assert summary.t[1:3] == pytest.approx(t, abs=tolerance * 1e4, rel=1e-6)
        assert summary.normal[1:3] == pytest.approx(z, abs=tolerance, rel=1e-6)

    @given(SCORES, st.floats(-5, 5).filter(lambda b: abs(b) > 0.01), st.floats(-100, 100))
    @settings(deadline=None, max_examples=40)
    def test_follows_a_change_of_unit(self, scores, factor, shift):
        before = summarize(scores, **QUICK)
        after = summarize(factor * np.array(scores) + shift, **QUICK)
        tolerance = 1e-6 * (1 + np.max(np.abs(scores)))
        assert after.mean == pytest.approx(factor * before.mean + shift, abs=tolerance)
        assert after.std == pytest.approx(abs(factor) * before.std, abs=tolerance, rel=1e-6)
        bounds = sorted(factor * bound + shift for bound in before.t[1:3])
        assert after.t[1:3] == pytest.approx(bounds, abs=100 * tolerance, rel=1e-6)

    @given(SCORES)
    @settings(deadline=None, max_examples=30)
    def test_t_interval_is_wider_than_the_normal_one(self, scores):
        summary = summarize(scores, **QUICK)
        assert summary.t.half_width >= summary.normal.half_width

    def test_bootstrap_is_scipys(self):
        scores = np.random.default_rng(5).gamma(2.0, size=40)
        reference = stats.bootstrap((scores,), np.mean, method="BCa", rng=np.random.default_rng(11))
        low, high = reference.confidence_interval
        assert summarize(scores, rng=11).bootstrap == (scores.mean(), low, high, 0.95)
        assert summarize(scores, rng=np.random.default_rng(11)).bootstrap == (scores.mean(), low, high, 0.95)

    def test_repeats_to_the_last_bit_unless_a_generator_is_passed_on(self):
        scores = np.random.default_rng(5).gamma(2.0, size=40)
        assert summarize(scores) == summarize(scores)
        generator = np.random.default_rng(1)
        first = summarize(scores, rng=generator).bootstrap
        assert summarize(scores, rng=generator).bootstrap != first

    def test_intervals_cover_the_true_mean_as_often_as_they_say(self):
        generator = np.random.default_rng(0)
        samples = generator.exponential(size=(1000, 25))
        found = [summarize(sample, rng=generator, resamples=199) for sample in samples]
        hits = {name: np.mean([getattr(s, name).includes(1.0) for s in found]) for name in ("normal", "t", "bootstrap")}
        # skewed scores cost every method some coverage; the normal interval covers least of all
        assert hits["normal"] < hits["t"] < 0.95
        assert min(hits.values()) > 0.88

    @pytest.mark.parametrize("value", [0.0, 0.1, 1e-3, 97.675, 1e9])
    @pytest.mark.parametrize("n", [2, 3, 7])
    def test_equal_scores_have_no_spread(self, value, n):
        summary = summarize([value] * n)
        assert summary.std == summary.standard_error == 0
        for interval in (summary.normal, summary.t, summary.bootstrap):
            assert interval.low == interval.high == pytest.approx(value, rel=1e-15)
        assert summary.normality.test == "none"

    @pytest.mark.parametrize("n", [2, 4, 8, 30])
    @pytest.mark.parametrize("value", [0.1, 0.86, 1e6])
    def test_a_spread_in_the_last_digit_is_none(self, value, n):
        scores = np.full(n, value)
        scores[-1] = np.nextafter(np.nextafter(value, 2 * value), 2 * value)
        summary = summarize(scores)
        assert summary.std == 0
        assert summary.bootstrap.low == summary.bootstrap.high
        assert summary.normality.test == "none"

    @pytest.mark.parametrize("spread", [1e-7, 1e-12])
    def test_the_smallest_spread_of_single_precision_is_one(self, spread):
        summary = summarize(0.86 + spread * np.arange(5))
        assert summary.std == pytest.approx(spread * math.sqrt(2.5), rel=1e-2)
        assert summary.bootstrap.low < summary.bootstrap.high

    def test_does_not_change_its_input(self):
        scores = np.array([3.0, 1.0, 2.0])
        summarize(scores)
        assert scores.tolist() == [3.0, 1.0, 2.0]

    def test_as_dict_goes_into_json(self):
        summary = summarize([1, 2, 3, 5])
        back = json.loads(json.dumps(summary.as_dict(), allow_nan=False))
        assert back["t"]["low"] == summary.t.low
        assert back["normality"]["test"] == "Shapiro-Wilk"
        assert back["n"] == 4

    def test_table_of_intervals(self):
        summary = summarize([1, 2, 3, 5])
        table = summary.intervals()
        assert list(table.index) == ["normal", "t", "bootstrap"]
        assert table.loc["t", "half_width"] == summary.t.half_width

    @pytest.mark.parametrize(
        ("scores", "error", "words"),
        [
            ([], ValueError, "empty"),
            ([0.5], ValueError, "1 value, and at least 2"),
            ([0.5, math.nan], ValueError, "NaN or infinite .the first at index 1"),
            ([math.inf, 0.5, 0.5], ValueError, "1 of 3 values"),
            ([[0.5, 0.6]], ValueError, r"shape \(1, 2\)"),
            (0.5, ValueError, "must have 1 dimension"),
            (["high", "low"], TypeError, "must be numbers"),
            ([[1], [1, 2]], TypeError, "must be numbers"),
            (None, ValueError, "must have 1 dimension"),
        ],
    )
    def test_bad_scores(self, scores, error, words):
        with pytest.raises(error, match=words):
            summarize(scores)

    @pytest.mark.parametrize("confidence", [0, 1, 95, -0.1, math.nan])
    def test_bad_confidence(self, confidence):
        with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
            summarize([1, 2, 3], confidence=confidence)

    def test_bad_resamples(self):
        with pytest.raises(ValueError, match="resamples must be 99 or more"):
            summarize([1, 2, 3], resamples=98)


class TestNormality:
    def test_is_scipys_shapiro(self):
        scores = np.random.default_rng(0).normal(size=50)
        reference = stats.shapiro(scores)
        found = normality(scores)
        assert (found.statistic, found.p_value) == pytest.approx((reference.statistic, reference.pvalue), rel=1e-9)
        tiny = normality(1e-30 * scores)
        assert tiny.p_value == pytest.approx(reference.pvalue, rel=1e-9)

    def test_changes_the_test_above_5000(self):
        scores = np.random.default_rng(0).normal(size=5001)
        assert normality(scores[:5000]).test == "Shapiro-Wilk"
        assert normality(scores).test == "D'Agostino-Pearson"
        assert normality(scores).p_value == stats.normaltest(scores).pvalue

    def test_finds_two_groups_of_runs(self):
        scores = np.r_[np.full(15, 0.35), np.full(15, 0.77)] + np.random.default_rng(0).normal(0, 0.01, 30)
        assert "p < 0.001, not normal" in str(normality(scores))

    @pytest.mark.parametrize("scores", [[1.0], [1.0, 2.0], [0.1] * 10])
    def test_says_why_there_was_none(self, scores):
        found = normality(scores)
        assert found.test == "none"
        assert found.p_value is None
        assert found.reason in str(found)


class TestRunning:
    @given(SCORES, CONFIDENCE)
    @settings(deadline=None, max_examples=40)
    def test_each_row_is_the_summary_of_the_scores_so_far(self, scores, confidence):
        assume(len(scores) < 20)
        rows = running(scores, confidence=confidence)
        tolerance = 1e-6 * (1 + np.max(np.abs(scores)))
        for n in range(2, len(scores) + 1):
            summary = summarize(scores[:n], confidence=confidence, resamples=99)
            row = rows.iloc[n - 1]
            assert row["n"] == n
            assert row["mean"] == pytest.approx(summary.mean, abs=tolerance)
            assert row["standard_error"] == pytest.approx(summary.standard_error, abs=tolerance)
            assert row["low"] == pytest.approx(summary.t.low, abs=1e4 * tolerance)
            assert row["high"] == pytest.approx(summary.t.high, abs=1e4 * tolerance)

    def test_one_run_has_no_spread(self):
        row = running([5.0]).iloc[0]
        assert row["mean"] == 5.0
        assert row[["std", "standard_error", "low", "high"]].isna().all()

    def test_takes_nothing_from_the_future(self):
        scores = np.random.default_rng(0).normal(size=30)
        changed = np.r_[scores[:20], 100 * scores[20:]]
        assert running(scores).iloc[:20].equals(running(changed).iloc[:20])

    def test_bad_input(self):
        with pytest.raises(ValueError, match="empty"):
            running([])
        with pytest.raises(ValueError, match="confidence"):
            running([1.0, 2.0], confidence=2)


class TestRepeatsNeeded:
    @given(st.floats(0.01, 100), st.floats(0.01, 100), CONFIDENCE)
    @settings(deadline=None)
    def test_is_the_smallest_number_that_suffices(self, std, half_width, confidence):
        n = repeats_needed(std, half_width, confidence)

        def width(n):
            return stats.t.interval(confidence, n - 1, scale=std / math.sqrt(n))[1]

        assert width(n) <= half_width * (1 + 1e-9)
        assert n == 2 or width(n - 1) > half_width * (1 - 1e-9)

    @given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0.001, 1000))
    def test_does_not_depend_on_the_unit(self, std, half_width, unit):
        n, other = repeats_needed(std, half_width), repeats_needed(std * unit, half_width * unit)
        assert abs(n - other) <= 1e-9 * n + (
            stats.t.isf(0.025, n - 1) * std / math.sqrt(n) == pytest.approx(half_width)
        )

    def test_known_values(self):
        # normal quantiles would say 81 and 4
        assert repeats_needed(4.58, 1.0) == 84
        assert repeats_needed(1.0, 1.0) == 7
        assert repeats_needed(0.0, 1.0) == 2

    def test_large_numbers_follow_the_normal_quantile(self):
        assert repeats_needed(1.0, 1e-6) == pytest.approx((stats.norm.isf(0.025) * 1e6) ** 2, rel=1e-9)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((-1, 1), "std must be"),
            ((math.nan, 1), "std must be"),
            ((math.inf, 1), "std must be"),
            ((1, 0), "half_width must be above 0"),
            ((1, -1), "half_width must be above 0"),
            ((1, math.nan), "half_width must be above 0"),
            ((1, 1, 95), "confidence must lie"),
            ((1, 1e-9), "same unit"),
        ],
    )
    def test_bad_input(self, arguments, words):
        with pytest.raises(ValueError, match=words):
            repeats_needed(*arguments)
