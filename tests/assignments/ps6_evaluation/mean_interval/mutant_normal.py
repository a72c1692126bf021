# Mistake: 1.96 and the like, from the normal distribution, for a few scores.
def mean_interval(scores, confidence):
    n, mean = len(scores), np.mean(scores)
    error = np.std(scores, ddof=1) / np.sqrt(n)
    half = stats.norm.ppf((1 + confidence) / 2) * error
    return {"mean": mean, "standard_error": error, "low": mean - half, "high": mean + half}


def runs_needed(std, half_width, confidence):
    n = 2
    while stats.t.ppf((1 + confidence) / 2, n - 1) * std / np.sqrt(n) > half_width:
        n += 1
    return n
