"""Judge runs honestly: splits, cross-validation, summaries with intervals, comparisons, imbalance.

Everything statistical is done by SciPy, statsmodels or scikit-learn; this package checks what goes in, chooses
the right call, and says in plain words what came out.
Explained in :doc:`chapters/evaluation`.
"""

from course_pkg.evaluation.classification import (
    ClassificationReport,
    always_majority,
    calibration,
    classification_report,
)
from course_pkg.evaluation.comparing import EFFECT_SIZE, METHODS, Comparison, compare, compare_many, expected_best
from course_pkg.evaluation.cross_validation import CrossValidation, compare_cross_validations, cross_validate
from course_pkg.evaluation.intervals import Interval
from course_pkg.evaluation.nested import NestedSummary, corrected_standard_error, summarize_nested
from course_pkg.evaluation.splits import Split, automatic_split, k_fold, manual_split, scaled, stratified_k_fold
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
    "EFFECT_SIZE",
    "METHODS",
    "ClassificationReport",
    "Comparison",
    "CrossValidation",
    "Interval",
    "NestedSummary",
    "Normality",
    "Split",
    "Summary",
    "always_majority",
    "automatic_split",
    "bootstrap_interval",
    "calibration",
    "classification_report",
    "compare",
    "compare_cross_validations",
    "compare_many",
    "corrected_standard_error",
    "cross_validate",
    "expected_best",
    "k_fold",
    "manual_split",
    "normal_interval",
    "normality",
    "repeats_needed",
    "running",
    "scaled",
    "stratified_k_fold",
    "summarize",
    "summarize_nested",
    "t_interval",
]
