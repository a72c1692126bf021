# Mistake: the spread of one run over the rows, not of the runs for one row.
def stability(predictions, targets):
    return {
        "different": len(np.unique(predictions, axis=0)),
        "spread": predictions.std(axis=1, ddof=1).mean(),
        "error_of_one": np.abs(predictions - targets).mean(),
        "error_of_mean": np.abs(predictions.mean(axis=0) - targets).mean(),
    }
