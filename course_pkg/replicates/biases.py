"""Gradients of biases, summed over the samples in the order in which ``model.fit`` sums them.

Floating-point sums depend on their order. Vectorised by TensorFlow's rules, the sum over a batch runs in another
order than in ``fit``, which rounds some bits differently; training amplifies that. So each sample gets its own copy
of the bias, and the copies' gradients are summed by the operation that ``fit`` uses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from course_pkg.replicates.starts import all_layers

__all__ = ["PerSampleBiases"]


class PerSampleBiases:
    """The biases of a model's dense layers, one copy for each sample of a batch.

    Only for ``keras.layers.Dense`` of two or more units that are used once, on one vector per sample, without a
    penalty on the bias.

    Parameters
    ----------
    model : keras.Model
    replicates : int
    """

    def __init__(self, model: Any, replicates: int) -> None:
        self._replicates = replicates
        self._copies: list[Any] = []
        places = {id(variable): place for place, variable in enumerate(model.trainable_variables)}
        layers = [layer for layer in all_layers(model) if _simple_dense(layer)]
        self._chosen = [places[id(layer.bias)] for layer in layers]
        for number, layer in enumerate(layers):
            object.__setattr__(layer, "call", _Call(self, layer, number))

    def copies(self, trainable: Sequence[Any], samples: int) -> list[Any]:
        """Return a copy of each chosen variable (R, units) for each sample: (R, samples, units)."""
        import tensorflow as tf

        return [tf.tile(trainable[i][:, None, :], [1, samples, 1]) for i in self._chosen]

    @contextlib.contextmanager
    def using(self, copies: list[Any]) -> Iterator[None]:
        """Let the layers take these copies (samples, units) in place of their biases; their biases if empty."""
        self._copies = copies
        yield
        self._copies = []

    def of(self, number: int, layer: Any) -> Any:
        """Return what a layer is to add."""
        return self._copies[number] if self._copies else layer.bias

    def gathered(self, gradients: Sequence[Any]) -> list[Any]:
        """Sum the copies' gradients, which stand at the end, and put them in the place of the variables' own."""
        import tensorflow as tf

        count = len(gradients) - len(self._chosen)
        gathered = list(gradients[:count])
        for i, gradient in zip(self._chosen, gradients[count:], strict=True):
            _, samples, units = gradient.shape
            columns = tf.reshape(tf.transpose(gradient, [1, 0, 2]), [samples, self._replicates * units])
            gathered[i] = tf.reshape(tf.raw_ops.BiasAddGrad(out_backprop=columns), [self._replicates, units])
        return gathered


class _Call:
    """The ``call`` of ``keras.layers.Dense``, but for where the bias comes from."""

    def __init__(self, biases: PerSampleBiases, layer: Any, number: int) -> None:
        self._biases = biases
        self._layer = layer
        self._number = number

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        import keras

        layer = self._layer
        outputs = keras.ops.add(keras.ops.matmul(inputs, layer.kernel), self._biases.of(self._number, layer))
        return outputs if layer.activation is None else layer.activation(outputs)


def _simple_dense(layer: Any) -> bool:
    import keras

    if type(layer) is not keras.layers.Dense or not layer.use_bias or not layer.trainable:
        return False
    if layer.units == 1 or layer.bias_regularizer is not None:  # one number: Keras sums it by TensorFlow's rule
        return False
    try:
        return len(layer.input.shape) == 2
    except (AttributeError, ValueError):  # part of a subclass model, or used several times
        return False
