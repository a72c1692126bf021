"""Measures for classes of very unequal size, and the baseline that every model must beat.

Explained in :doc:`chapters/case_imbalanced`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier

__all__ = ["ClassificationReport", "always_majority", "calibration", "classification_report"]


@dataclass(frozen=True)
class ClassificationReport:
    """What :func:`classification_report` found, each by the scikit-learn function named.

    Explained in :doc:`chapters/case_imbalanced`.

    Attributes
    ----------
    n : int
        Number of rows.
    prevalence : float
        Share of the positive class: what `average_precision` is by guessing.
    accuracy : float
        ``accuracy_score``. Misleading here: see `majority_accuracy`.
    majority_accuracy : float
        Accuracy of always naming the larger class of these rows.
    balanced_accuracy : float
        ``balanced_accuracy_score``: the mean of both classes' recalls; 0.5 by guessing.
    precision, recall, f1 : float
        ``precision_score``, ``recall_score``, ``f1_score`` of the positive class (0 where nothing was named positive).
    roc_auc, average_precision : float or None
        ``roc_auc_score``; ``average_precision_score``, the area under the precision-recall curve. They judge the
        order of the probabilities, at no threshold. None where the rows hold one class only.
    brier, log_loss : float
        ``brier_score_loss``, ``log_loss``: is a probability of 0.2 right once in five times? 0 is perfect.
    true_negatives, false_positives, false_negatives, true_positives : int
        ``confusion_matrix``.
    """

    n: int
    prevalence: float
    accuracy: float
    majority_accuracy: float
    balanced_accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float | None
    average_precision: float | None
    brier: float
    log_loss: float
    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int

    def as_dict(self) -> dict[str, Any]:
        """Return the measures by name."""
        return asdict(self)

    def __str__(self) -> str:
        """Write a line for each measure."""
        lines = []
        for name, value in self.as_dict().items():
            shown = "not defined" if value is None else f"{value}" if isinstance(value, int) else f"{value:.4f}"
            lines.append(f"{name.replace('_', ' '):<18} {shown}")
        return "\n".join(lines)


def classification_report(
    y_true: npt.ArrayLike, probability: npt.ArrayLike, *, threshold: float = 0.5
) -> ClassificationReport:
    """Judge predicted probabilities of two classes by the measures that still speak when one class is rare.

    Explained in :doc:`chapters/case_imbalanced`.

    Parameters
    ----------
    y_true : array-like of int, shape (n,) or (n, 1)
        1 for the positive (usually the rare) class, 0 for the other.
    probability : array-like of float, shape (n,) or (n, 1)
        Predicted probability of the positive class, such as ``model.predict(X)`` of a sigmoid output.
    threshold : float, default 0.5
        From which probability on a row counts as positive. It changes what depends on a decision (accuracy, balanced
        accuracy, precision, recall, F1, counts), and nothing else. Choose it on other rows than these.

    Returns
    -------
    ClassificationReport

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    ValueError
        If the two differ in length, are empty, hold NaN, labels other than 0 and 1, or probabilities outside of
        0 to 1.

    See Also
    --------
    always_majority : The baseline.
    calibration : Where the probabilities are too high or too low.

    References
    ----------
    T. Saito and M. Rehmsmeier, "The precision-recall plot is more informative than the ROC plot when evaluating
    binary classifiers on imbalanced datasets", PLOS ONE 10 (2015) e0118432.

    Examples
    --------
    >>> report = classification_report([0, 0, 0, 0, 1], [0.1, 0.2, 0.1, 0.6, 0.4])
    >>> report.accuracy, report.majority_accuracy, report.balanced_accuracy, report.average_precision
    (0.6, 0.8, 0.375, 0.5)
    """
    truth, scores = _checked(y_true, probability)
    decided = (scores >= threshold).astype(int)
    prevalence = float(truth.mean())
    both = 0 < prevalence < 1
    tn, fp, fn, tp = metrics.confusion_matrix(truth, decided, labels=[0, 1]).ravel().tolist()
    return ClassificationReport(
        n=len(truth),
        prevalence=prevalence,
        accuracy=float(metrics.accuracy_score(truth, decided)),
        majority_accuracy=max(prevalence, 1 - prevalence),
        # of one class alone it is the recall of that class, and scikit-learn would warn
        balanced_accuracy=float((metrics.balanced_accuracy_score if both else metrics.accuracy_score)(truth, decided)),
        precision=float(metrics.precision_score(truth, decided, zero_division=0)),
        recall=float(metrics.recall_score(truth, decided, zero_division=0)),
        f1=float(metrics.f1_score(truth, decided, zero_division=0)),
        roc_auc=float(metrics.roc_auc_score(truth, scores)) if both else None,
        average_precision=float(metrics.average_precision_score(truth, scores)) if both else None,
        brier=float(metrics.brier_score_loss(truth, scores, labels=[0, 1], pos_label=1)),
        log_loss=float(metrics.log_loss(truth, scores, labels=[0, 1])),
        true_negatives=tn,
        false_positives=fp,
        false_negatives=fn,
        true_positives=tp,
    )


def always_majority(y_train: npt.ArrayLike, y_test: npt.ArrayLike) -> ClassificationReport:
    """Report on a model that ignores its input and always names the larger class of the training rows.

    A model is of use only where it does better than this.
    Explained in :doc:`chapters/case_imbalanced`.

    Parameters
    ----------
    y_train, y_test : array-like of int, shape (n,) or (n, 1)
        Labels 0 and 1.

    Returns
    -------
    ClassificationReport
        Of scikit-learn's ``DummyClassifier(strategy="most_frequent")`` on the test rows.

    Raises
    ------
    TypeError, ValueError
        As in :func:`classification_report`.

    Examples
    --------
    >>> report = always_majority([0] * 97 + [1] * 3, [0] * 48 + [1] * 2)
    >>> report.accuracy, report.balanced_accuracy, report.average_precision, report.recall
    (0.96, 0.5, 0.04, 0.0)
    """
    train, test = _labels(y_train, "y_train"), _labels(y_test, "y_test")
    nothing = np.zeros((len(train), 1))
    dummy = DummyClassifier(strategy="most_frequent").fit(nothing, train)
    return classification_report(test, dummy.predict(np.zeros((len(test), 1))))


def calibration(y_true: npt.ArrayLike, probability: npt.ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """Compare predicted probabilities with how often they came true.

    Explained in :doc:`chapters/case_imbalanced`.

    Parameters
    ----------
    y_true : array-like of int, shape (n,) or (n, 1)
        Labels 0 and 1.
    probability : array-like of float, shape (n,) or (n, 1)
    bins : int, default 10
        Rows are sorted by probability and cut into that many bins of about equal size (quantiles): where one class
        is rare, bins of equal width would be almost empty above the first.

    Returns
    -------
    DataFrame, shape (bins or fewer, 2)
        Columns ``predicted`` (mean probability in the bin) and ``observed`` (share of positives in it), from
        ``sklearn.calibration.calibration_curve``. Equal probabilities can leave fewer bins.

    Raises
    ------
    TypeError, ValueError
        As in :func:`classification_report`; also if `bins` is below 1.

    Examples
    --------
    >>> calibration([0, 0, 0, 1], [0.1, 0.3, 0.2, 0.8], bins=2)
       predicted  observed
    0       0.15       0.0
    1       0.55       0.5
    """
    truth, scores = _checked(y_true, probability)
    if bins < 1:
        raise ValueError(f"bins must be 1 or more, got {bins!r}.")
    observed, predicted = calibration_curve(truth, scores, n_bins=bins, strategy="quantile", pos_label=1)
    return pd.DataFrame({"predicted": predicted, "observed": observed})


def _checked(
    y_true: npt.ArrayLike, probability: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    truth, scores = _labels(y_true, "y_true"), _column(probability, "probability")
    if len(truth) != len(scores):
        raise ValueError(f"y_true has {len(truth)} rows and probability {len(scores)}: they must be of the same rows.")
    outside = scores[(scores < 0) | (scores > 1)]
    if outside.size:
        raise ValueError(
            f"probability must lie between 0 and 1, got {outside[0]}. Outputs without a sigmoid (logits) must go "
            "through one first."
        )
    return truth, scores


def _labels(y: npt.ArrayLike, name: str) -> npt.NDArray[np.int64]:
    labels = _column(y, name)
    others = np.setdiff1d(labels, (0, 1))
    if others.size:
        raise ValueError(
            f"{name} must hold labels 0 and 1 (1 for the positive class), got {others[:5].tolist()} too. "
            "For more classes take one against the rest: y == k."
        )
    return labels.astype(np.int64)


def _column(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be numbers: {error}.") from error
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"{name} must be of shape (n,) or (n, 1), got {array.shape}.")
    if not array.size:
        raise ValueError(f"{name} is empty.")
    if np.isnan(array).any():
        raise ValueError(f"{name} has {np.isnan(array).sum()} of {array.size} values that are NaN.")
    return array
