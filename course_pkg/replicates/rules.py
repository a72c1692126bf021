"""A rule that TensorFlow lacks for vectorising a model's operations.

``tf.vectorized_map`` replaces an operation without a rule by a loop in the graph over all replicates. One of them
stands in every classification accuracy: Keras's ``argmax`` looks at the sign bits of its floats by ``tf.bitcast``.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

__all__ = ["add_rules"]


@functools.cache
def add_rules() -> None:
    """Let ``tf.vectorized_map`` turn ``tf.bitcast`` of each replicate's tensor into one of all of them."""
    from tensorflow.python.ops.parallel_for import pfor

    with contextlib.suppress(AssertionError):  # a TensorFlow that has the rule
        pfor.RegisterPFor("Bitcast")(functools.partial(_bitcast, pfor.wrap))


def _bitcast(wrap: Callable[[Any, bool], Any], given: Any) -> Any:
    import tensorflow as tf

    return wrap(tf.bitcast(given.stacked_input(0), given.get_attr("type")), True)
