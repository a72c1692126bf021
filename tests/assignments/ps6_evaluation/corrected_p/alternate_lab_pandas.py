# Differs: the lab's comparison; pandas ranks for Holm's correction; single precision.
from course_pkg.evaluation import compare


def corrected_p(a, b, n_train, n_validation):
    return np.float32(compare(a, b, method="corrected", n_train=n_train, n_validation=n_validation).p_value)


def holm(p_values):
    p_values = pd.Series(p_values, dtype="float64")
    factor = len(p_values) + 1 - p_values.rank(method="first")
    raised = (p_values * factor).loc[p_values.sort_values(kind="stable").index]
    return raised.cummax().clip(upper=1).sort_index()
