# Mistake: the error of the first run stands for all.
def stability(predictions, targets):
    return {
        "different": len(np.unique(predictions, axis=0)),
        "spread": predictions.std(axis=0, ddof=1).mean(),
        "error_of_one": np.abs(predictions[0] - targets).mean(),
        "error_of_mean": np.abs(predictions.mean(axis=0) - targets).mean(),
    }
