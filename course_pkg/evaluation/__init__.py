"""Judge runs honestly: splits, cross-validation, summaries with intervals, comparisons, imbalance.

Everything statistical is done by SciPy, statsmodels or scikit-learn; this package checks what goes in, chooses
the right call, and says in plain words what came out.
Explained in :doc:`chapters/evaluation`.
"""

from course_pkg.evaluation.intervals import Interval
from course_pkg.evaluation.summaries import (
    BOOTSTRAP_SEED,
    Normality,
    Summary,
    bootstrap_interval,
    normal_interval,
    normality,
    repeats_needed,
    running,
    summarize,
    t_interval,
)

__all__ = [
    "BOOTSTRAP_SEED",
    "Interval",
    "Normality",
    "Summary",
    "bootstrap_interval",
    "normal_interval",
    "normality",
    "repeats_needed",
    "running",
    "summarize",
    "t_interval",
]
