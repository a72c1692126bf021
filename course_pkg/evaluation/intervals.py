"""An estimate with its confidence interval, and how to print one."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Interval", "checked_confidence", "digits"]


class Interval(NamedTuple):
    """An estimate and the confidence interval around it.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    estimate : float
    low, high : float
        The bounds. They need not lie at equal distances from the estimate.
    confidence : float, default 0.95
        How often intervals made in this way hold the true value, between 0 and 1.

    Notes
    -----
    It is a tuple of plain numbers: ``interval._asdict()`` goes into JSON as it is.

    Examples
    --------
    >>> interval = Interval(0.8604, 0.8433, 0.8776)
    >>> print(interval)
    0.860 (95 % interval 0.843 to 0.878)
    >>> interval.includes(0.85)
    True
    """

    estimate: float
    low: float
    high: float
    confidence: float = 0.95

    @property
    def half_width(self) -> float:
        """Half of the distance between the bounds."""
        return (self.high - self.low) / 2

    def includes(self, value: float) -> bool:
        """Tell whether a value lies between the bounds, or on one of them.

        Parameters
        ----------
        value : float

        Returns
        -------
        bool
        """
        return self.low <= value <= self.high

    def __str__(self) -> str:
        """Say the estimate and the bounds, with two digits of the half-width."""
        estimate, low, high = (digits(value, self.half_width) for value in self[:3])
        return f"{estimate} ({100 * self.confidence:g} % interval {low} to {high})"


def digits(value: float, uncertainty: float) -> str:
    """Write a number to the second digit of its uncertainty, and no further.

    Parameters
    ----------
    value : float
    uncertainty : float
        Such as a standard error. Where it is 0 or not finite, four digits of `value` are written.

    Returns
    -------
    str

    Examples
    --------
    >>> digits(12.34567, 0.0123), digits(12345.67, 250.0), digits(3.14159e-9, 2e-11), digits(0.5, 0.0)
    ('12.346', '12350', '3.142e-09', '0.5')
    """
    if not math.isfinite(value) or not math.isfinite(uncertainty) or uncertainty <= 0:
        return f"{value:.4g}"
    decimals = 1 - math.floor(math.log10(uncertainty))
    if decimals > 8 and value:
        return f"{value:.{min(max(1, decimals + math.floor(math.log10(abs(value)))), 16)}e}"
    return f"{round(value, decimals):.{max(decimals, 0)}f}"


def checked_confidence(confidence: float) -> float:
    """Return `confidence` as a float, or raise if it is no level between 0 and 1.

    Raises
    ------
    ValueError
        If it is not between 0 and 1, both excluded.

    Examples
    --------
    >>> checked_confidence(0.9)
    0.9
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95 for 95 %; got {confidence!r}.")
    return float(confidence)
