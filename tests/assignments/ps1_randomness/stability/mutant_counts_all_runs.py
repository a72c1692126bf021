# Mistake: counts the runs, not the different ones.
def stability(predictions, targets):
    return {
        "different": len(predictions),
        "spread": predictions.std(axis=0, ddof=1).mean(),
        "error_of_one": np.abs(predictions - targets).mean(),
        "error_of_mean": np.abs(predictions.mean(axis=0) - targets).mean(),
    }
