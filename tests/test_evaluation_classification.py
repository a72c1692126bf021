import course_pkg  # noqa: F401  before NumPy: it sets the preset

# isort: split
import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from course_pkg.evaluation import always_majority, calibration, classification_report


@st.composite
def predictions(draw):
    n = draw(st.integers(4, 60))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = (generator.random(n) < draw(st.floats(0.05, 0.95))).astype(int)
    truth[:2] = 0, 1
    return truth, np.round(generator.random(n), draw(st.integers(1, 6)))


@given(predictions(), st.floats(0.05, 0.95))
@settings(deadline=None, max_examples=50)
def test_every_measure_is_scikit_learns(data, threshold):
    truth, scores = data
    found = classification_report(truth, scores, threshold=threshold)
    named = scores >= threshold
    assert found.accuracy == metrics.accuracy_score(truth, named)
    assert found.balanced_accuracy == metrics.balanced_accuracy_score(truth, named)
    assert found.precision == metrics.precision_score(truth, named, zero_division=0)
    assert found.recall == metrics.recall_score(truth, named)
    assert found.f1 == metrics.f1_score(truth, named, zero_division=0)
    assert found.roc_auc == metrics.roc_auc_score(truth, scores)
    assert found.average_precision == metrics.average_precision_score(truth, scores)
    assert found.brier == pytest.approx(np.mean((scores - truth) ** 2))
    assert found.log_loss == metrics.log_loss(truth, scores)
    assert found.true_positives == np.sum((truth == 1) & named)
    assert found.false_positives == np.sum((truth == 0) & named)
    counts = (found.true_positives, found.false_positives, found.true_negatives, found.false_negatives)
    assert sum(counts) == found.n == len(truth)


@given(predictions())
@settings(deadline=None, max_examples=20)
def test_the_threshold_changes_decisions_alone(data):
    one, other = (classification_report(*data, threshold=threshold) for threshold in (0.2, 0.8))
    for name in ("average_precision", "roc_auc", "brier", "log_loss", "majority_accuracy"):
        assert getattr(one, name) == getattr(other, name)


def test_the_threshold_itself_counts_as_positive():
    assert classification_report([0, 1], [0.2, 0.5], threshold=0.5).recall == 1


def test_bins_of_calibration_are_of_equal_size():
    generator = np.random.default_rng(0)
    probability = generator.beta(1, 30, size=1000)  # a rare class: hardly any probability above 0.2
    table = calibration((generator.random(1000) < probability).astype(int), probability, bins=5)
    means = [part.mean() for part in np.array_split(np.sort(probability), 5)]
    assert table["predicted"].to_numpy() == pytest.approx(means, rel=0.05)


def test_accuracy_hides_what_the_others_show():
    truth = np.r_[np.zeros(10_923), np.ones(260)]  # as many as in the mammography data
    found = always_majority(truth, truth)
    assert found.accuracy == found.majority_accuracy == pytest.approx(0.97675, abs=5e-6)
    assert found.balanced_accuracy == 0.5
    assert found.average_precision == pytest.approx(0.02325, abs=5e-6)
    assert (found.recall, found.precision, found.true_positives) == (0, 0, 0)


def test_majority_is_that_of_the_training_rows():
    found = always_majority([1, 1, 0], [0, 0, 0, 1])
    assert found.accuracy == 0.25
    assert found.majority_accuracy == 0.75
    assert found.recall == 1


def test_one_class_alone_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = classification_report([0, 0, 0], [0.1, 0.7, 0.2])
    assert found.average_precision is None
    assert found.roc_auc is None
    assert found.balanced_accuracy == pytest.approx(2 / 3)
    assert "not defined" in str(found)
    json.dumps(found.as_dict(), allow_nan=False)


def test_takes_what_predict_returns():
    truth, scores = np.array([[0], [1], [1]], dtype="float32"), np.array([[0.2], [0.9], [0.4]], dtype="float32")
    assert classification_report(truth, scores) == classification_report(truth.ravel(), scores.ravel())


def test_calibration_of_true_probabilities_is_the_diagonal():
    generator = np.random.default_rng(0)
    probability = generator.random(20_000)
    truth = (generator.random(20_000) < probability).astype(int)
    table = calibration(truth, probability)
    assert len(table) == 10
    assert np.abs(table["predicted"] - table["observed"]).max() < 4 * 0.5 / math.sqrt(2000)
    flattened = calibration(truth, probability**3)
    assert (flattened["observed"] - flattened["predicted"]).max() > 0.3


@pytest.mark.parametrize(
    ("truth", "scores", "words"),
    [
        ([], [], "y_true is empty"),
        ([0, 1], [0.5], "2 rows and probability 1"),
        ([0, 1], [0.5, math.nan], "probability has 1 of 2 values that are NaN"),
        ([0, math.nan], [0.5, 0.5], "y_true has 1 of 2"),
        ([0, 2], [0.5, 0.5], "labels 0 and 1"),
        ([-1, 1], [0.5, 0.5], "labels 0 and 1"),
        ([0, 1], [0.5, 1.5], "Outputs without a sigmoid"),
        ([0, 1], [[0.5, 0.5], [0.1, 0.9]], r"probability must be of shape \(n,\)"),
    ],
)
def test_bad_input(truth, scores, words):
    with pytest.raises(ValueError, match=words):
        classification_report(truth, scores)


def test_bad_types_and_bins():
    with pytest.raises(TypeError, match="y_true must be numbers"):
        classification_report(["yes", "no"], [0.1, 0.2])
    with pytest.raises(ValueError, match="bins must be 1 or more"):
        calibration([0, 1], [0.1, 0.2], bins=0)
