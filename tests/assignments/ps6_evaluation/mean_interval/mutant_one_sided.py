# Mistake: the quantile of one side, so that both sides together leave twice as much.
def mean_interval(scores, confidence):
    n, mean = len(scores), np.mean(scores)
    error = np.std(scores, ddof=1) / np.sqrt(n)
    half = stats.t.ppf(confidence, n - 1) * error
    return {"mean": mean, "standard_error": error, "low": mean - half, "high": mean + half}


def runs_needed(std, half_width, confidence):
    n = 2
    while stats.t.ppf((1 + confidence) / 2, n - 1) * std / np.sqrt(n) > half_width:
        n += 1
    return n
