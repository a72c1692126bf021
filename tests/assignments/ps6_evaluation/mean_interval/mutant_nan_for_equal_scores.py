# Mistake: scipy's interval is NaN if all scores are equal.
def mean_interval(scores, confidence):
    mean, error = np.mean(scores), stats.sem(scores)
    low, high = stats.t.interval(confidence, len(scores) - 1, loc=mean, scale=error)
    return {"mean": mean, "standard_error": error, "low": low, "high": high}


def runs_needed(std, half_width, confidence):
    n = 2
    while stats.t.ppf((1 + confidence) / 2, n - 1) * std / np.sqrt(n) > half_width:
        n += 1
    return n
