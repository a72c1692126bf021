import course_pkg  # noqa: F401  before NumPy: it sets the preset

# isort: split
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.anova import anova_lm

from course_pkg.evaluation import corrected_standard_error, summarize_nested

CONFIDENCE = st.floats(0.5, 0.999)


@st.composite
def designs(draw):
    """Scores and their splits, with 1 to 5 seeds a split, at least one split with two."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=8).filter(lambda sizes: max(sizes) > 1))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    spread = draw(st.floats(0, 10))
    scores = 50 + spread * generator.normal(size=len(sizes))[groups] + generator.normal(size=groups.size)
    order = generator.permutation(groups.size)
    return scores[order], groups[order]


@given(designs())
@settings(deadline=None, max_examples=40)
def test_mean_squares_are_those_of_statsmodels(design):
    scores, groups = design
    found = summarize_nested(scores, groups)
    table = anova_lm(ols("score ~ C(split)", pd.DataFrame({"score": scores, "split": groups})).fit())
    between, within = table["mean_sq"]
    sizes = np.bincount(groups)
    per_split = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    assert found.variance_training == pytest.approx(within, rel=1e-6)
    assert found.variance_data == pytest.approx(max(0, (between - within) / per_split), rel=1e-6, abs=1e-9)
    assert found.f_statistic == pytest.approx(table["F"].iloc[0], rel=1e-6, abs=1e-9)
    assert found.p_value == pytest.approx(table["PR(>F)"].iloc[0], rel=1e-6, abs=1e-12)


def test_agrees_with_restricted_maximum_likelihood_where_both_are_defined():
    generator = np.random.default_rng(1)
    scores = generator.normal(0, 2, size=(12, 1)) + generator.normal(0, 1, size=(12, 6))
    found = summarize_nested(scores)
    model = MixedLM(scores.ravel(), np.ones(72), np.repeat(np.arange(12), 6)).fit(reml=True)
    assert found.variance_training == pytest.approx(model.scale, rel=1e-3)
    assert found.variance_data == pytest.approx(float(np.squeeze(model.cov_re)), rel=1e-3)
    assert found.grand_mean == pytest.approx(float(model.fe_params[0]), rel=1e-6)
    assert found.standard_error == pytest.approx(float(model.bse_fe[0]), rel=1e-3)


def test_finds_the_variances_that_went_in():
    generator = np.random.default_rng(0)
    found = [
        summarize_nested(0.8 + generator.normal(0, 0.05, (10, 1)) + generator.normal(0, 0.02, (10, 5)))
        for _ in range(400)
    ]
    for name, true in (("variance_data", 0.05**2), ("variance_training", 0.02**2)):
        values = np.array([getattr(one, name) for one in found])
        assert abs(values.mean() - true) < 4 * stats.sem(values)
    covered = np.mean([one.t.includes(0.8) for one in found])
    assert 0.91 < covered < 0.985


@given(designs(), CONFIDENCE)
@settings(deadline=None, max_examples=40)
def test_grand_mean_is_the_mean_of_the_splits(design, confidence):
    scores, groups = design
    means = pd.Series(scores).groupby(groups).mean()
    found = summarize_nested(scores, groups, confidence=confidence)
    assert found.grand_mean == pytest.approx(means.mean())
    low, high = stats.t.interval(confidence, len(means) - 1, loc=means.mean(), scale=stats.sem(means))
    assert found.t[1:3] == pytest.approx((low, high))


def test_rows_are_splits():
    scores = np.random.default_rng(0).normal(size=(4, 3))
    labels = np.repeat(["w", "x", "y", "z"], 3)
    assert summarize_nested(scores) == summarize_nested(scores.ravel(), labels)


def test_more_repeats_of_the_same_data_do_not_shrink_the_corrected_interval_to_nothing():
    generator = np.random.default_rng(0)
    values = generator.normal(size=10_000)
    error = corrected_standard_error(values, n_train=90, n_validation=10)
    assert error == pytest.approx(math.sqrt(10 / 90) * values.std(ddof=1), rel=1e-3)
    found = summarize_nested(values.reshape(1000, 10), n_train=90, n_validation=10)
    assert found.corrected.half_width > 10 * found.t.half_width
    assert summarize_nested(values.reshape(1000, 10)).corrected is None


def test_variance_of_the_data_is_never_negative():
    found = summarize_nested([[0.0, 1.0], [1.0, 0.0]])
    assert found.variance_data == 0
    assert found.share_data == 0


def test_training_without_variance():
    found = summarize_nested([[1.0, 1.0], [2.0, 2.0]])
    assert found.variance_training == 0
    assert found.variance_data == 0.5
    assert (found.f_statistic, found.p_value) == (None, None)
    assert found.share_data == 1
    assert summarize_nested([[1.0, 1.0], [1.0, 1.0]]).share_data == 0


def test_says_both_spreads_and_goes_into_json():
    found = summarize_nested([[0.8, 0.82], [0.7, 0.73], [0.9, 0.89]], n_train=2, n_validation=1)
    assert "between splits" in str(found)
    assert "n = 6 on 3 splits" in str(found)
    row = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert row["corrected"]["high"] == found.corrected.high
    assert row["std_data"] == found.std_data


@pytest.mark.parametrize(
    ("scores", "options", "words"),
    [
        ([[1.0, 2.0]], {}, "1 split"),
        ([[1.0], [2.0]], {}, "one seed for each split"),
        ([1.0, 2.0, 3.0], {}, "2 dimensions"),
        ([], {}, "2 dimensions"),
        (np.empty((2, 0)), {}, "empty"),
        ([[1.0, math.nan], [1.0, 2.0]], {}, "NaN"),
        ([1.0, 2.0, 3.0], {"groups": [0, 1]}, "must name the split of each score"),
        ([[1.0, 2.0], [1.0, 2.0]], {"n_train": 3}, "both n_train and n_validation"),
        ([[1.0, 2.0], [1.0, 2.0]], {"n_train": 3, "n_validation": 0}, "n_validation must be 1 or more"),
        ([[1.0, 2.0], [1.0, 2.0]], {"confidence": 95}, "confidence must lie"),
    ],
)
def test_bad_input(scores, options, words):
    with pytest.raises(ValueError, match=words):
        summarize_nested(scores, **options)


def test_corrected_interval_is_students():
    scores = np.random.default_rng(0).normal(size=(5, 3))
    found = summarize_nested(scores, n_train=80, n_validation=20, confidence=0.9)
    error = corrected_standard_error(scores.mean(axis=1), 80, 20)
    expected = stats.t.interval(0.9, 4, loc=scores.mean(), scale=error)
    assert found.corrected[1:3] == pytest.approx(expected)
