# Mistake: root mean squared errors instead of mean absolute ones.
def stability(predictions, targets):
    return {
        "different": len(np.unique(predictions, axis=0)),
        "spread": predictions.std(axis=0, ddof=1).mean(),
        "error_of_one": np.sqrt(((predictions - targets) ** 2).mean(axis=1)).mean(),
        "error_of_mean": np.sqrt(((predictions.mean(axis=0) - targets) ** 2).mean()),
    }
