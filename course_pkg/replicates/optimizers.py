"""One Keras optimizer that updates all replicates at once.

The optimizers of Keras listed in :data:`ELEMENTWISE` treat each number of a variable by itself. Given variables
with a leading replicate axis, one of them therefore does what R separate ones would do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_pkg.replicates.errors import NotVectorizableError

__all__ = ["ELEMENTWISE", "Packing", "StackedOptimizer"]

Array = np.ndarray[Any, Any]

ELEMENTWISE = (
    "SGD",
    "RMSprop",
    "Adam",
    "AdamW",
    "Adadelta",
    "Adagrad",
    "Adamax",
    "Nadam",
    "Ftrl",
    "Lion",
)
"""Names of the Keras optimizers that the vectorised engine runs."""

# Variables smaller than this are joined into one matrix: their updates cost more in calls than in arithmetic.
_SMALL = 8192


class Packing:
    """How a model's trainable variables lie in a few matrices (replicates, numbers).

    Parameters
    ----------
    shapes : sequence of tuple of int
        The variables' shapes, without the replicate axis.
    small : int, default 8192
        Variables with fewer numbers share one matrix; each of the others has its own.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], small: int = _SMALL) -> None:
        self.shapes = [tuple(shape) for shape in shapes]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        joined = [i for i, size in enumerate(self.sizes) if size < small]
        self.groups = ([joined] if joined else []) + [[i] for i, size in enumerate(self.sizes) if size >= small]
        self.widths = [sum(self.sizes[i] for i in group) for group in self.groups]

    def pack(self, tensors: Sequence[Any]) -> list[Any]:
        """Join tensors (R, *shape), one per variable, into matrices (R, width), one per group."""
        import tensorflow as tf

        return self._joined([tf.reshape(t, [-1, n]) for t, n in zip(tensors, self.sizes, strict=True)], tf.concat)

    def pack_arrays(self, arrays: Sequence[Any]) -> list[Any]:
        """As :meth:`pack`, for NumPy arrays."""
        return self._joined([a.reshape(-1, n) for a, n in zip(arrays, self.sizes, strict=True)], np.concatenate)

    def unpack(self, matrices: Sequence[Any]) -> list[Any]:
        """Undo :meth:`pack`."""
        import tensorflow as tf

        return self._parted(matrices, lambda matrix, sizes: tf.split(matrix, sizes, axis=1), tf.reshape)

    def unpack_arrays(self, matrices: Sequence[Any]) -> list[Any]:
        """Undo :meth:`pack_arrays`."""
        return self._parted(matrices, lambda matrix, sizes: np.split(matrix, np.cumsum(sizes)[:-1], 1), np.reshape)

    def _joined(self, flat: Sequence[Any], concat: Callable[..., Any]) -> list[Any]:
        return [flat[group[0]] if len(group) == 1 else concat([flat[i] for i in group], 1) for group in self.groups]

    def _parted(self, matrices: Sequence[Any], split: Callable[..., Any], reshape: Callable[..., Any]) -> list[Any]:
        tensors: list[Any] = [None] * len(self.shapes)
        for matrix, group in zip(matrices, self.groups, strict=True):
            parts = [matrix] if len(group) == 1 else split(matrix, [self.sizes[i] for i in group])
            for i, part in zip(group, parts, strict=True):
                tensors[i] = reshape(part, [-1, *self.shapes[i]])
        return tensors


class StackedOptimizer:
    """A Keras optimizer as a pure function of packed variables, gradients and its own state.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        The compiled model's; its settings are read, it is left as it is.
    variables : sequence of keras.Variable
        The model's trainable variables.
    packing : Packing
    replicates : int
        How many are stacked.

    Raises
    ------
    NotVectorizableError
        If the optimizer mixes the numbers of a variable, or uses a feature that is not stacked.
    """

    def __init__(self, optimizer: Any, variables: Sequence[Any], packing: Packing, replicates: int) -> None:
        import keras

        _check(optimizer)
        self._packing = packing
        self._clipping = optimizer.clipnorm, optimizer.global_clipnorm, optimizer.clipvalue
        self.weight_decay: float | None = optimizer.weight_decay
        """The weight decay; None for none."""
        config = {**keras.optimizers.serialize(optimizer)["config"]}
        schedule = config["learning_rate"]
        self._optimizer = _functional(type(optimizer).from_config(config))
        self._thetas = [keras.Variable(np.zeros((replicates, width), "float32")) for width in packing.widths]
        self._optimizer.build(self._thetas)
        self._decayed = packing.pack_arrays([_decayed(optimizer, variable) for variable in variables])
        self.learning_rate: float | None = None if isinstance(schedule, dict) else float(schedule)
        """The learning rate; None if a schedule sets it."""

    def start(self) -> list[Any]:
        """Return the optimizer's state before the first update."""
        return [np.asarray(variable) for variable in self._optimizer.variables]

    def update(
        self, thetas: Sequence[Any], slots: Sequence[Any], gradients: Sequence[Any], rate: Any, decay: Any
    ) -> Any:
        """Return the variables and the state after one update.

        Parameters
        ----------
        thetas, gradients : list of tensor (R, width)
        slots : list of tensor
            The optimizer's state.
        rate, decay : tensor, () or (R, 1)
            The learning rate, not looked at if the optimizer has a schedule; the weight decay, not looked at if
            the optimizer has none.
        """
        import keras

        gradients = self._clipped(gradients)
        optimizer = self._optimizer
        mapping = [*zip(self._thetas, thetas, strict=True), *zip(optimizer.variables, slots, strict=True)]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            if self.learning_rate is None:
                rate = optimizer.learning_rate
            if self.weight_decay is not None:
                for variable, mask in zip(self._thetas, self._decayed, strict=True):
                    variable.assign(variable - variable * (decay * mask) * rate)
            if isinstance(optimizer, keras.optimizers.Nadam):  # it does this once an update, not once a variable
                steps = keras.ops.cast(optimizer.iterations + 1, "float32")
                product = optimizer._u_product
                product.assign(product * optimizer.beta_1 * (1.0 - 0.5 * keras.ops.power(0.96, steps)))
            for variable, gradient in zip(self._thetas, gradients, strict=True):
                optimizer.update_step(gradient, variable, rate)
            optimizer.iterations.assign_add(1)
        return (
            [scope.get_current_value(variable) for variable in self._thetas],
            [scope.get_current_value(variable) for variable in optimizer.variables],
        )

    def _clipped(self, gradients: Sequence[Any]) -> Sequence[Any]:
        """Clip each replicate's gradients by their own norms, as if it were alone."""
        import tensorflow as tf

        clipnorm, global_clipnorm, clipvalue = self._clipping
        if clipnorm:
            parts = self._packing.unpack(gradients)
            axes = [list(range(1, len(part.shape))) for part in parts]
            return self._packing.pack(
                [tf.clip_by_norm(part, clipnorm, axis) for part, axis in zip(parts, axes, strict=True)]
            )
        if global_clipnorm:
            squares = tf.add_n([tf.reduce_sum(tf.square(gradient), 1, keepdims=True) for gradient in gradients])
            norm = tf.sqrt(squares)
            factor = global_clipnorm / tf.maximum(norm, global_clipnorm)
            return [gradient * factor for gradient in gradients]
        if clipvalue:
            return [tf.clip_by_value(gradient, -clipvalue, clipvalue) for gradient in gradients]
        return gradients


def _check(optimizer: Any) -> None:
    import keras

    name = type(optimizer).__name__
    if name not in ELEMENTWISE or getattr(keras.optimizers, name) is not type(optimizer):
        raise NotVectorizableError(
            f"optimizer {name}", f"it is not one of the element-wise ones ({', '.join(ELEMENTWISE)})"
        )
    for feature in ("use_ema", "gradient_accumulation_steps", "loss_scale_factor"):
        if getattr(optimizer, feature, None):
            raise NotVectorizableError(f"{feature} of optimizer {name}", "its state is not stacked")


def _decayed(optimizer: Any, variable: Any) -> Array:
    """1 where weight decay applies, 0 in variables that the optimizer was told to leave out; shape (1, *shape)."""
    return np.full((1, *variable.shape), optimizer._use_weight_decay(variable), "float32")


def _functional(optimizer: Any) -> Any:
    """Let the optimizer assign through Keras variables, which a stateless scope can intercept.

    On TensorFlow, Keras's optimizers write to ``tf.Variable`` objects directly. The three methods below are the
    documented hooks for that, and the fourth the key by which an optimizer finds a variable's state.
    """
    optimizer.assign = lambda variable, value: variable.assign(value)
    optimizer.assign_add = lambda variable, value: variable.assign(variable + value)
    optimizer.assign_sub = lambda variable, value: variable.assign(variable - value)
    optimizer._var_key = id
    return optimizer
