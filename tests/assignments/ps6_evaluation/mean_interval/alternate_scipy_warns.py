# Differs: scipy's interval, NaN and a warning if all scores are equal; all numbers of runs at once.
import warnings


def mean_interval(scores, confidence):
    mean, error = np.mean(scores), stats.sem(scores)
    low, high = stats.t.interval(confidence, len(scores) - 1, loc=mean, scale=error)
    if np.isnan(low):
        warnings.warn("all scores are equal")
        low = high = mean
    return {"mean": mean, "standard_error": error, "low": low, "high": high}


def runs_needed(std, half_width, confidence):
    n = np.arange(2, 3000)
    reach = stats.t.ppf(0.5 + confidence / 2, n - 1) * std / np.sqrt(n)
    return n[reach <= half_width][0]
