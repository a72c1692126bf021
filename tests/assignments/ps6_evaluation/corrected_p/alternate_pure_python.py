# Differs: the statistics module, and loops.
import math
import statistics


def corrected_p(a, b, n_train, n_validation):
    differences = [float(x) - float(y) for x, y in zip(a, b)]
    if all(d == 0 for d in differences):
        return 1
    n = len(differences)
    t = statistics.fmean(differences) / math.sqrt((1 / n + n_validation / n_train) * statistics.variance(differences))
    return float(stats.t.cdf(-abs(t), n - 1) + stats.t.sf(abs(t), n - 1))


def holm(p_values):
    m, so_far, adjusted = len(p_values), 0.0, [0.0] * len(p_values)
    for place, index in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        so_far = max(so_far, float(p_values[index]) * (m - place))
        adjusted[index] = min(1.0, so_far)
    return adjusted
