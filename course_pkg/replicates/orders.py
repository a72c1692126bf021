"""The order in which each replicate visits its samples.

Explained in :doc:`chapters/randomness`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from course_pkg.seeds import child_seed

__all__ = ["SHUFFLES", "Orders", "Shuffle", "fit_order"]

Shuffle = Literal["epoch", "fit", False]
Array = np.ndarray[Any, Any]

SHUFFLES: tuple[Shuffle, ...] = ("epoch", "fit", False)


class Orders:
    """The batch orders of some replicates that have the same number of samples, epoch after epoch.

    Parameters
    ----------
    seeds : sequence of int, length R
    samples : int
        Number of training samples n of each replicate.
    shuffle : {"epoch", "fit", False}
        ``"epoch"``: a fresh order every epoch, drawn by
        ``numpy.random.default_rng(child_seed(seed, "batch order")).permutation(n)``, called once an epoch.
        ``"fit"``: the one order that a seeded ``model.fit`` uses in all its epochs (:func:`fit_order`).
        ``False``: 0, 1, 2, …

    Examples
    --------
    >>> Orders([0, 1], 5, False).take(2).shape
    (2, 2, 5)
    >>> both, alone = Orders([0, 1], 5, "epoch").take(3), Orders([1], 5, "epoch").take(3)
    >>> bool((both[1] == alone[0]).all())
    True
    """

    def __init__(self, seeds: Sequence[int], samples: int, shuffle: Shuffle) -> None:
        self._samples = samples
        self._generators: list[np.random.Generator] = []
        self._fixed: Array | None = None
        if shuffle == "epoch":
            self._generators = [np.random.default_rng(child_seed(seed, "batch order")) for seed in seeds]
        elif shuffle == "fit":
            self._fixed = fit_order(seeds, samples)
        else:
            self._fixed = np.tile(np.arange(samples, dtype=np.int32), (len(seeds), 1))

    def take(self, epochs: int) -> Array:
        """Return the orders of the next `epochs` epochs, shape (R, epochs, n), int32."""
        if self._fixed is not None:
            return np.repeat(self._fixed[:, None, :], epochs, axis=1)
        orders = np.empty((len(self._generators), epochs, self._samples), np.int32)
        for row, generator in zip(orders, self._generators, strict=True):
            for epoch in row:
                epoch[:] = generator.permutation(self._samples)
        return orders


def fit_order(seeds: Sequence[int], samples: int) -> Array:
    """Return the order in which ``fit(shuffle=True)`` visits the samples after ``set_random_seed(seed)``.

    On TensorFlow, Keras shuffles with ``tf.random.shuffle`` inside a ``tf.data`` pipeline, whose operation seed is
    0; the pipeline starts anew each epoch, so a seeded ``fit`` uses one and the same order in every epoch.
    This is TensorFlow's generator (Philox4x32-10) and its shuffle (Fisher-Yates), in NumPy, for all seeds at once.

    Parameters
    ----------
    seeds : sequence of int, length R
    samples : int

    Returns
    -------
    ndarray of int32, shape (R, samples)

    References
    ----------
    Salmon, Moraes, Dror, Shaw (2011): Parallel random numbers: as easy as 1, 2, 3.

    Examples
    --------
    >>> sorted(fit_order([3], 6)[0].tolist())
    [0, 1, 2, 3, 4, 5]
    """
    # TensorFlow cuts seeds to 31 bits.
    words = _philox_words(np.asarray(seeds, np.uint64) % np.uint64(2**31 - 1), (samples + 3) // 4)
    order = np.tile(np.arange(samples, dtype=np.int32), (len(seeds), 1))
    rows = np.arange(len(seeds))
    for i in range(samples - 1):
        j = i + (words[:, i] % np.uint64(samples - i)).astype(np.int64)
        order[rows, i], order[rows, j] = order[rows, j], order[rows, i].copy()
    return order


def _philox_words(seeds: Array, blocks: int) -> Array:
    """32-bit words of TensorFlow's Philox stream with seeds (seed, 0), shape (R, 4 * blocks), as uint64."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    shape = (len(seeds), blocks)
    key0: Array = np.broadcast_to((seeds & low)[:, None], shape)
    key1: Array = np.broadcast_to((seeds >> half)[:, None], shape)
    zero = np.zeros(shape, np.uint64)
    # TensorFlow takes (0, 0) for "no seed" and replaces it by (0, 2**31 - 1).
    word2 = zero + np.where(seeds == 0, np.uint64(2**31 - 1), np.uint64(0))[:, None]
    word0: Array = zero + np.arange(blocks, dtype=np.uint64)
    word1 = word3 = zero
    for _ in range(10):
        product0: Array = word0 * np.uint64(0xD2511F53)
        product2: Array = word2 * np.uint64(0xCD9E8D57)
        word0, word1, word2, word3 = (
            (product2 >> half) ^ word1 ^ key0,
            product2 & low,
            (product0 >> half) ^ word3 ^ key1,
            product0 & low,
        )
        key0, key1 = (key0 + np.uint64(0x9E3779B9)) & low, (key1 + np.uint64(0xBB67AE85)) & low
    return np.stack([word0, word1, word2, word3], axis=-1).reshape(len(seeds), -1)
