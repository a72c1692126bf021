# Mistake: the standard deviation divided by n.
def stability(predictions, targets):
    return {
        "different": len(np.unique(predictions, axis=0)),
        "spread": predictions.std(axis=0).mean(),
        "error_of_one": np.abs(predictions - targets).mean(),
        "error_of_mean": np.abs(predictions.mean(axis=0) - targets).mean(),
    }
