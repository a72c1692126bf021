# Differs: divides zero by zero on the way, with NumPy's warning; Holm's correction by its definition.
def corrected_p(a, b, n_train, n_validation):
    differences = np.subtract(a, b)
    n = differences.size
    t = differences.mean() / np.std(differences, ddof=1) / np.sqrt(1 / n + n_validation / n_train)
    return np.nan_to_num(2 * stats.t.sf(np.abs(t), n - 1), nan=1.0)


def holm(p_values):
    p_values = np.array(p_values, dtype=float)
    factor = np.array([np.sum(p_values >= p) for p in p_values])
    return np.array([min(1, np.max((p_values * factor)[p_values <= p])) for p in p_values])
