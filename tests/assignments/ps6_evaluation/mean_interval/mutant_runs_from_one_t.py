# Mistake: t of the normal distribution's number of runs, once; t is not computed again for the number that comes out.
def mean_interval(scores, confidence):
    n, mean = len(scores), np.mean(scores)
    error = np.std(scores, ddof=1) / np.sqrt(n)
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * error
    return {"mean": mean, "standard_error": error, "low": mean - half, "high": mean + half}


def runs_needed(std, half_width, confidence):
    first = max(2, int(np.ceil((stats.norm.ppf((1 + confidence) / 2) * std / half_width) ** 2)))
    t = stats.t.ppf((1 + confidence) / 2, first - 1)
    return max(2, int(np.ceil((t * std / half_width) ** 2)))
