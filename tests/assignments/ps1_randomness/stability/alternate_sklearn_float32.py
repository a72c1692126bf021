# Differs: scikit-learn's error, fingerprints, and single precision for the spread.
from sklearn.metrics import mean_absolute_error


def stability(predictions, targets):
    return {
        "different": np.int64(len({fingerprint(run) for run in predictions})),
        "spread": np.float32(predictions.astype("float32").std(axis=0, ddof=1).mean()),
        "error_of_one": np.mean([mean_absolute_error(targets, run) for run in predictions]),
        "error_of_mean": mean_absolute_error(targets, np.mean(predictions, axis=0)),
    }
