import course_pkg  # noqa: F401  before NumPy: it sets the preset

# isort: split
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, average_precision_score
from sklearn.preprocessing import MinMaxScaler

from course_pkg.evaluation import (
    Split,
    automatic_split,
    compare,
    compare_cross_validations,
    cross_validate,
    k_fold,
    scaled,
    stratified_k_fold,
    summarize_nested,
)
from course_pkg.networks import mlp

EPOCHS = 4
SEEDS = [3, 5]


def build():
    return mlp(3, 5, output_activation="sigmoid", optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])


def build_linear():
    return mlp(3, (), output_activation="sigmoid", optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    X = generator.normal([0, 100, -5], [1, 50, 0.1], size=(50, 3))
    noise = generator.normal(0, 0.7, 50)
    return X, (X[:, 0] + noise > 0.4).astype(int)


@pytest.fixture(scope="module")
def result(data):
    return cross_validate(
        build, *data, epochs=EPOCHS, batch_size=8, folds=3, repeats=2, seeds=SEEDS, scaler="standard", shuffle="fit"
    )


@pytest.fixture(scope="module")
def other(data):
    return cross_validate(
        build_linear, *data, epochs=EPOCHS, batch_size=8, folds=3, repeats=2, seeds=SEEDS, scaler="standard"
    )


def fitted(X, y, split, seed):
    """The same by plain Keras."""
    rows = scaled(X, split)
    keras.utils.set_random_seed(seed)
    model = build()
    model.fit(rows[split.train], y[split.train], epochs=EPOCHS, batch_size=8, verbose=0)
    return model, model.evaluate(rows[split.validation], y[split.validation], verbose=0, return_dict=True)


@pytest.mark.slow
def test_every_split_is_trained_from_every_seed_as_plain_keras_does(result, data):
    X, y = data
    assert len(result.splits) == 6
    for split in result.splits[1::4]:  # one of each repeat
        for seed in SEEDS:
            model, expected = fitted(X, y, split, seed)
            for metric, value in expected.items():
                assert result.of(metric)[split.repeat, split.fold, seed] == pytest.approx(value, abs=1e-5)
            ours = result.model(seed, split.fold, split.repeat)
            for weights, reference in zip(ours.get_weights(), model.get_weights(), strict=True):
                assert np.allclose(weights, reference, atol=1e-5)


def test_scores_are_tidy(result):
    assert list(result.scores.columns) == ["seed", "repeat", "fold", "metric", "value"]
    assert len(result.scores) == 6 * 2 * 2
    assert not result.scores.duplicated(["seed", "repeat", "fold", "metric"]).any()
    assert result.metrics == ["loss", "accuracy"]
    assert (result.n_train, result.n_validation) == (33, 17)


def test_history_ends_in_the_scores(result):
    history = result.history
    assert len(history) == 6 * 2 * EPOCHS * 2 * 2
    last = history[(history["split"] == "validation") & (history["epoch"] == EPOCHS)]
    keys = ["seed", "repeat", "fold", "metric"]
    merged = last.merge(result.scores, on=keys, validate="one_to_one")
    assert len(merged) == len(result.scores)
    assert np.array_equal(merged["value_x"], merged["value_y"])


def test_predictions_are_out_of_fold(result, data):
    _, y = data
    predictions = result.predictions
    assert predictions.shape == (2, 2, 50)
    assert not np.isnan(predictions).any()
    for split in result.splits:
        for i, seed in enumerate(SEEDS):
            hits = (predictions[split.repeat, i, split.validation] > 0.5) == y[split.validation]
            assert hits.mean() == pytest.approx(result.of("accuracy")[split.repeat, split.fold, seed])


def test_metrics_of_scikit_learn_can_be_added(result):
    more = result.with_metrics(
        ap=average_precision_score, same=lambda truth, predicted: accuracy_score(truth, predicted > 0.5)
    )
    assert more.metrics == ["loss", "accuracy", "ap", "same"]
    assert result.metrics == ["loss", "accuracy"]
    assert np.allclose(more.of("same"), more.of("accuracy"))
    assert more.of("ap").between(0, 1).all()
    with pytest.raises(ValueError, match="metric 'loss' already"):
        result.with_metrics(loss=average_precision_score)


def test_summaries_are_of_the_same_numbers(result):
    scores = result.of("loss")
    table = scores.unstack("seed").to_numpy()
    expected = summarize_nested(table, n_train=33, n_validation=17)
    found = result.summary("loss")
    assert found.grand_mean == pytest.approx(expected.grand_mean)
    assert found.variance_training == pytest.approx(expected.variance_training)
    assert found.variance_data == pytest.approx(expected.variance_data)
    assert found.corrected[:3] == pytest.approx(expected.corrected[:3])
    assert np.allclose(result.per_split("loss"), table.mean(axis=1))
    assert np.allclose(result.per_seed("loss"), table.mean(axis=0))
    assert np.allclose(result.per_repeat("loss"), table.reshape(2, -1).mean(axis=1))
    assert list(result.per_seed("loss").index) == SEEDS
    with pytest.raises(ValueError, match=r"no metric 'auc'\. Choose one of: loss, accuracy"):
        result.of("auc")


@pytest.mark.slow
def test_nothing_of_the_validation_rows_reaches_training(data):
    X, y = data
    split = automatic_split(50, 0.3)
    spoilt = X.copy()
    spoilt[split.validation] = 1e6
    options = {"epochs": 2, "folds": [split], "seeds": 2, "scaler": "standard"}
    clean, dirty = cross_validate(build, X, y, **options), cross_validate(build, spoilt, y, **options)
    train = [one.history.query("split == 'train'")["value"].to_numpy() for one in (clean, dirty)]
    assert np.array_equal(*train)
    assert not np.array_equal(clean.of("loss"), dirty.of("loss"))


@pytest.mark.slow
def test_without_scaler_the_data_are_used_as_they_are(data):
    X, y = data
    split = automatic_split(50, 0.3)
    scaled_before = scaled(X, split)
    options = {"epochs": 2, "folds": [split], "seeds": 2}
    inside = cross_validate(build, X, y, scaler="standard", **options)
    before = cross_validate(build, scaled_before, y, **options)
    assert np.array_equal(inside.of("loss"), before.of("loss"))
    minmax = cross_validate(build, X, y, scaler=MinMaxScaler(), **options)
    assert not np.array_equal(minmax.of("loss"), before.of("loss"))
    with pytest.raises(ValueError, match="1 split"):
        before.summary("loss")


def test_regression_takes_plain_folds(data):
    X, _ = data
    targets = X[:, :2] * [1, 0.01]
    found = cross_validate(lambda: mlp(3, 4, outputs=2, loss="mae"), X, targets, epochs=1, folds=5, seeds=1)
    expected = k_fold(50, 5)
    for split, plain in zip(found.splits, expected, strict=True):
        assert np.array_equal(split.validation, plain.validation)
    assert found.predictions.shape == (1, 1, 50, 2)


@pytest.mark.slow
def test_groups_of_splits_change_nothing(data, monkeypatch, result):
    from course_pkg.evaluation import cross_validation

    monkeypatch.setattr(cross_validation, "_MOST_BYTES", 4 * 150 * 4)  # four splits at a time
    found = cross_validate(
        build, *data, epochs=EPOCHS, batch_size=8, folds=3, repeats=2, seeds=SEEDS, scaler="standard", shuffle="fit"
    )
    assert np.allclose(found.of("loss").sort_index(), result.of("loss").sort_index(), atol=1e-6)
    keys = ["seed", "repeat", "fold", "epoch", "metric", "split"]
    pd.testing.assert_frame_equal(
        found.history.set_index(keys).sort_index(), result.history.set_index(keys).sort_index(), atol=1e-6
    )
    assert np.allclose(found.predictions, result.predictions, atol=1e-6)


def test_comparison_is_the_corrected_test_over_splits(result, other):
    found = compare_cross_validations(result, other, "loss", names=("hidden", "linear"))
    expected = compare(
        result.per_split("loss"),
        other.per_split("loss"),
        names=("hidden", "linear"),
        method="corrected",
        n_train=33,
        n_validation=17,
    )
    assert found == expected
    assert found.n == 6
    assert "other training data" in found.conclusion


def test_comparison_takes_the_same_splits(data, result):
    shorter = cross_validate(build_linear, *data, epochs=1, folds=2, seeds=1)
    with pytest.raises(ValueError, match="not trained on the same splits"):
        compare_cross_validations(result, shorter, "loss")


def test_five_by_two(data):
    found = cross_validate(build_linear, *data, epochs=1, folds=stratified_k_fold(data[1], 2, repeats=5), seeds=1)
    table = found.per_split("loss").unstack("fold")
    assert table.shape == (5, 2)
    assert compare(table, table + np.random.default_rng(0).normal(size=(5, 2)), method="5x2cv").n == 10


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"X": np.zeros((49, 3))}, "X has 49 rows and y 50"),
        ({"X": np.full((50, 3), np.nan)}, "X has 150 values that are NaN"),
        ({"X": np.zeros((0, 3))}, "X must have a row for each sample"),
        ({"y": np.full(50, np.inf)}, "y has 50 values"),
        ({"seeds": [1, 1]}, "each once"),
        ({"seeds": []}, "one or more"),
        ({"folds": 40}, "folds must lie between 2 and"),
        ({"folds": []}, "folds is an empty list"),
        ({"folds": [automatic_split(60)]}, "beyond the 50 of X"),
        ({"folds": [automatic_split(50)] * 2}, "two splits of the same repeat and fold"),
        ({"folds": [automatic_split(50)], "repeats": 3}, "repeats=3 has no use"),
        ({"folds": [Split(np.arange(30), np.arange(20, 50))]}, "trains on rows that it validates on"),
        ({"scaler": "minmax"}, "scaler must be 'standard' or"),
    ],
)
def test_bad_input(data, change, words):
    arguments = {"X": data[0], "y": data[1], "epochs": 1} | change
    with pytest.raises(ValueError, match=words):
        cross_validate(build, **arguments)


def test_words_are_no_numbers(data):
    with pytest.raises(TypeError, match="y must hold numbers"):
        cross_validate(build, data[0], np.array(["yes", "no"])[data[1]], epochs=1)


def test_there_is_no_model_of_another_seed(result):
    with pytest.raises(ValueError, match="no model of seed=9"):
        result.model(9, 0)


class StopInSecondFit(keras.callbacks.Callback):
    fits = 0  # of the class: the engine may give each replicate a copy of the callback

    def on_train_begin(self, logs=None):
        StopInSecondFit.fits += 1

    def on_epoch_end(self, epoch, logs=None):
        if StopInSecondFit.fits == 2:
            raise KeyboardInterrupt


def test_half_a_cross_validation_is_none(data):
    with pytest.raises(KeyboardInterrupt):
        cross_validate(build_linear, *data, epochs=2, folds=2, seeds=2, engine="loop", callbacks=[StopInSecondFit()])
