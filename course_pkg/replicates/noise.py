"""Dropout masks for all replicates: the very masks that Keras's layer draws, without a loop over replicates.

``tf.vectorized_map`` has no rule for TensorFlow's stateless generators and falls back on a loop in the graph, one
call per replicate and layer. The masks depend only on the layer's seed state, though, not on the data. So while a
model is traced, its dropout layers take them from draws made outside the map.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from course_pkg.replicates.starts import all_layers

__all__ = ["DropoutDraws", "quiet"]


class DropoutDraws:
    """Stands in for the ``call`` of a model's dropout layers while the model is traced.

    Parameters
    ----------
    model : keras.Model
        Changed for good: its ``keras.layers.Dropout`` layers, not subclasses, get a new ``call``.
    replicates : int
    """

    def __init__(self, model: Any, replicates: int) -> None:
        import keras

        self._replicates = replicates
        self._states: Mapping[int, Any] = {}
        self._index: Any = None
        self._calls: dict[int, int] = {}
        for layer in all_layers(model):
            if type(layer) is keras.layers.Dropout and layer.rate > 0:
                object.__setattr__(layer, "call", _Call(self, layer))

    @contextlib.contextmanager
    def using(self, states: Mapping[int, Any], index: Any) -> Iterator[None]:
        """Draw from `states` (id of a seed variable -> (R, 2) states outside the map) for replicate `index`."""
        self._states, self._index, self._calls = states, index, {}
        yield
        self._states, self._index = {}, None

    def uniform(self, generator: Any, shape: Any, dtype: Any) -> Any:
        """Return this replicate's uniform numbers, and count the generator on as Keras does."""
        import tensorflow as tf

        key = id(generator.state)
        past = self._calls.get(key, 0)
        self._calls[key] = past + 1
        generator.next()
        # As Keras casts its seeds for TensorFlow; the counter is the second number of a state.
        states = self._states[key]
        seeds = tf.math.floormod(tf.cast(states, tf.int64) + tf.constant([0, past], tf.int64), tf.int32.max - 1)
        draws = [
            tf.random.stateless_uniform(shape, seed=seed, dtype=dtype)
            for seed in tf.unstack(tf.cast(seeds, tf.int32), self._replicates)
        ]
        return tf.gather(tf.stack(draws), self._index)


class _Call:
    """The ``call`` of one dropout layer: ``tf.nn.experimental.stateless_dropout`` with a mask drawn elsewhere."""

    def __init__(self, draws: DropoutDraws, layer: Any) -> None:
        self._draws = draws
        self._layer = layer

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        import tensorflow as tf

        layer = self._layer
        if not training:
            return inputs
        sizes = layer.noise_shape or (None,) * len(inputs.shape)
        shape = [n if size is None else size for n, size in zip(inputs.shape, sizes, strict=True)]
        uniform = self._draws.uniform(layer.seed_generator, shape, inputs.dtype)
        rate = layer.rate
        scale = 1 / (1 - rate) if isinstance(rate, float) else 1 / (1 - tf.cast(rate, tf.float64))
        kept = inputs * tf.cast(scale, inputs.dtype)
        return tf.where(uniform >= tf.cast(rate, inputs.dtype), kept, tf.zeros([], inputs.dtype))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop TensorFlow's warning that it vectorises an operation by a loop: slower, but the same numbers."""
    import tensorflow as tf

    logger = tf.get_logger()

    def wanted(record: logging.LogRecord) -> bool:
        return "Using a while_loop for converting" not in record.getMessage()

    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)
