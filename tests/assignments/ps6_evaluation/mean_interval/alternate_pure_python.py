# Differs: the statistics module and a search by halves.
import math
import statistics


def mean_interval(scores, confidence):
    scores = [float(score) for score in scores]
    mean = statistics.fmean(scores)
    error = statistics.stdev(scores) / math.sqrt(len(scores))
    t = float(stats.t.isf((1 - confidence) / 2, len(scores) - 1))
    return {"low": mean - t * error, "high": mean + t * error, "mean": mean, "standard_error": error}


def runs_needed(std, half_width, confidence):
    few, many = 1, 100_000
    while many - few > 1:
        n = (few + many) // 2
        if stats.t.isf((1 - confidence) / 2, n - 1) * std / math.sqrt(n) <= half_width:
            many = n
        else:
            few = n
    return many
