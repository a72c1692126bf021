# Mistake: the variances of both models added, so that what the splits share does not cancel.
def corrected_p(a, b, n_train, n_validation):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if (a == b).all():
        return 1.0
    error = np.sqrt((1 / len(a) + n_validation / n_train) * (a.var(ddof=1) + b.var(ddof=1)))
    return 2 * stats.t.sf(abs(a.mean() - b.mean()) / error, len(a) - 1)


def holm(p_values):
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    raised = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(raised))
    return adjusted
