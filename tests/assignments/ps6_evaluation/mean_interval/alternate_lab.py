# Differs: the lab's functions, and numbers in single precision.
from course_pkg import evaluation


def mean_interval(scores, confidence):
    scores = pd.Series(scores)
    found = evaluation.t_interval(scores.mean(), scores.sem(), len(scores) - 1, confidence)
    names = {"mean": scores.mean(), "standard_error": scores.sem(), "low": found.low, "high": found.high}
    return {name: np.float32(value) for name, value in names.items()}


def runs_needed(std, half_width, confidence):
    return float(evaluation.repeats_needed(std, half_width, confidence))
