# Mistake: Hochberg's procedure: takes the smaller of the one after, not the larger of the one before.
def corrected_p(a, b, n_train, n_validation):
    differences = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    if not differences.any():
        return 1.0
    n = len(differences)
    error = np.sqrt((1 / n + n_validation / n_train) * differences.var(ddof=1))
    return 2 * stats.t.sf(abs(differences.mean()) / error, n - 1)


def holm(p_values):
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    raised = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.minimum.accumulate(raised[::-1])[::-1])
    return adjusted
