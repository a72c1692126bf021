# Mistake: takes the average of the errors for the error of the average.
def stability(predictions, targets):
    errors = np.abs(predictions - targets).mean(axis=1)
    return {
        "different": len(np.unique(predictions, axis=0)),
        "spread": predictions.std(axis=0, ddof=1).mean(),
        "error_of_one": errors.mean(),
        "error_of_mean": errors.mean(),
    }
