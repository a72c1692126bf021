# Differs: scipy's plain t-test, corrected afterwards, with a warning for equal scores; statsmodels for Holm.
from statsmodels.stats.multitest import multipletests


def corrected_p(a, b, n_train, n_validation):
    n = len(a)
    plain = stats.ttest_rel(a, b).statistic
    t = plain / np.sqrt(1 + n * n_validation / n_train)
    p = 2 * stats.t.sf(np.abs(t), n - 1)
    return 1.0 if np.isnan(p) else p


def holm(p_values):
    return multipletests(p_values, method="holm")[1].tolist()
