import course_pkg  # noqa: F401  before NumPy: it sets the preset

# isort: split
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from course_pkg.evaluation import Split, automatic_split, k_fold, manual_split, scaled, stratified_k_fold


def is_partition(splits, n_rows):
    """Every row is held out once, and learnt from in all other folds."""
    held_out = np.sort(np.concatenate([split.validation for split in splits]))
    whole = all(np.array_equal(np.sort(np.r_[split.train, split.validation]), np.arange(n_rows)) for split in splits)
    return whole and np.array_equal(held_out, np.arange(n_rows))


class TestAutomatic:
    @given(st.integers(2, 1000), st.floats(0.001, 0.999))
    @settings(deadline=None)
    def test_takes_the_rows_that_keras_takes(self, n_rows, fraction):
        from keras.src.trainers.data_adapters.array_slicing import train_validation_split

        rows = np.arange(n_rows)
        try:
            (train,), (validation,) = train_validation_split((rows,), fraction)
        except ValueError:
            with pytest.raises(ValueError, match="both need one or more"):
                automatic_split(n_rows, fraction)
            return
        if not len(train) or not len(validation):
            return
        split = automatic_split(n_rows, fraction)
        assert np.array_equal(split.train, train)
        assert np.array_equal(split.validation, validation)

    @pytest.mark.parametrize("fraction", [0, 1, -0.5, 33, float("nan")])
    def test_bad_fraction(self, fraction):
        with pytest.raises(ValueError, match="validation_split must lie between 0 and 1"):
            automatic_split(10, fraction)

    @pytest.mark.parametrize(("n_rows", "fraction"), [(0, 0.5), (1, 0.5), (2, 0.9), (-3, 0.5)])
    def test_nothing_left(self, n_rows, fraction):
        with pytest.raises(ValueError, match="both need one or more"):
            automatic_split(n_rows, fraction)


class TestManual:
    def test_is_train_test_split(self):
        y = np.arange(100) % 3
        train, test = train_test_split(np.arange(100), test_size=0.33, random_state=7, stratify=y)
        split = manual_split(y, seed=7, stratify=True)
        assert np.array_equal(split.train, train)
        assert np.array_equal(split.validation, test)
        assert not np.array_equal(manual_split(y, seed=7).train, train)

    def test_bad_input(self):
        with pytest.raises(ValueError, match="validation_fraction must lie between 0 and 1"):
            manual_split([0, 1, 2], 1.5)
        with pytest.raises(ValueError, match="takes at least 2"):
            manual_split([0])
        with pytest.raises(ValueError, match="y must hold class labels"):
            manual_split(np.linspace(0, 1, 10), stratify=True)


class TestFolds:
    @given(st.integers(2, 60), st.integers(2, 10), st.integers(1, 4), st.integers(0, 2**32 - 1))
    @settings(deadline=None, max_examples=50)
    def test_each_repeat_holds_out_every_row_once(self, n_rows, folds, repeats, seed):
        folds = min(folds, n_rows)
        splits = k_fold(n_rows, folds, repeats=repeats, seed=seed)
        assert [(split.repeat, split.fold) for split in splits] == [
            (r, f) for r in range(repeats) for f in range(folds)
        ]
        for repeat in range(repeats):
            assert is_partition(splits[repeat * folds : (repeat + 1) * folds], n_rows)

    @given(st.integers(4, 30), st.integers(4, 30), st.integers(2, 4), st.integers(0, 1000))
    @settings(deadline=None, max_examples=50)
    def test_stratified_folds_keep_the_shares(self, zeros, ones, folds, seed):
        y = np.random.default_rng(seed).permutation(np.r_[np.zeros(zeros, int), np.ones(ones, int)])
        splits = stratified_k_fold(y, folds, seed=seed)
        assert is_partition(splits, len(y))
        counts = [y[split.validation].sum() for split in splits]
        assert max(counts) - min(counts) <= 1

    def test_first_repeat_is_the_tutorials(self):
        y = np.arange(50) % 2
        ours = stratified_k_fold(y, 10, seed=7)
        theirs = StratifiedKFold(10, shuffle=True, random_state=7).split(np.zeros(50), y)
        for split, (train, test) in zip(ours, theirs, strict=True):
            assert np.array_equal(split.train, train)
            assert np.array_equal(split.validation, test)

    def test_more_repeats_only_add_splits(self):
        few, many = k_fold(20, 4, repeats=2, seed=3), k_fold(20, 4, repeats=5, seed=3)
        assert all(np.array_equal(a.validation, b.validation) for a, b in zip(few, many[:8], strict=True))
        assert not np.array_equal(many[0].validation, many[4].validation)

    def test_labels_may_be_words_columns_or_one_hot(self):
        y = np.array([0, 1, 0, 1, 0, 1, 0, 1])
        wanted = [split.validation.tolist() for split in stratified_k_fold(y, 2)]
        for same in (np.array(["no", "yes"])[y], y[:, None], np.eye(2)[y], y.astype(float)):
            assert [split.validation.tolist() for split in stratified_k_fold(same, 2)] == wanted

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda: k_fold(5, 1), "folds must lie between 2 and 5"),
            (lambda: k_fold(5, 6), "folds must lie between 2 and 5"),
            (lambda: k_fold(5, 5, repeats=0), "repeats must be 1 or more"),
            (lambda: stratified_k_fold([0, 0, 0, 1, 1], 3), "between 2 and 2, the number of rows of class 1"),
            (lambda: stratified_k_fold([], 2), "y is empty"),
            (lambda: stratified_k_fold([0.1, 0.2, 0.3], 2), "use k_fold"),
            (lambda: stratified_k_fold([[0.1, 0.2], [0.3, 0.4]], 2), "use k_fold"),
            (lambda: stratified_k_fold([0.0, np.nan, 1.0], 2), "NaN"),
        ],
    )
    def test_bad_input(self, call, words):
        with pytest.raises(ValueError, match=words):
            call()


class TestScaled:
    def test_is_a_scaler_fitted_on_the_training_rows(self):
        X = np.random.default_rng(0).normal(5, 3, size=(50, 4))
        for split in k_fold(50, 5):
            found = scaled(X, split)
            expected = StandardScaler().fit(X[split.train]).transform(X)
            assert found.dtype == np.float32
            assert np.allclose(found, expected, atol=1e-6)

    def test_validation_rows_do_not_leak(self):
        X = np.random.default_rng(0).normal(size=(20, 3))
        split = automatic_split(20, 0.25)
        changed = X.copy()
        changed[split.validation] *= 1000
        assert np.array_equal(scaled(X, split)[split.train], scaled(changed, split)[split.train])

    def test_leaves_the_scaler_and_the_data_alone(self):
        X = np.arange(12.0).reshape(6, 2)
        scaler = MinMaxScaler()
        found = scaled(X, automatic_split(6, 0.5), scaler)
        assert not hasattr(scaler, "scale_")
        assert found[:3].min() == 0
        assert found[:3].max() == 1
        assert X[0, 1] == 1.0

    def test_images_are_scaled_by_position(self):
        X = np.random.default_rng(0).normal(size=(10, 4, 3))
        split = automatic_split(10, 0.5)
        assert np.array_equal(scaled(X, split), scaled(X.reshape(10, 12), split).reshape(10, 4, 3))

    def test_bad_input(self):
        X = np.random.default_rng(0).normal(size=(10, 4))
        with pytest.raises(ValueError, match="names row 19, but X has 10 rows"):
            scaled(X, automatic_split(20, 0.5))
        with pytest.raises(ValueError, match="PCA made 2 of 4"):
            scaled(X, automatic_split(10, 0.5), PCA(2))
        with pytest.raises(ValueError, match="scaler must be 'standard' or"):
            scaled(X, automatic_split(10, 0.5), "minmax")
        with pytest.raises(ValueError, match="train is empty"):
            scaled(X, Split(np.array([], dtype=int), np.arange(3)))
