"""The training of one chunk of replicates as a TensorFlow graph: loops over epochs and batches included.

The forward pass is the model's own code, run once under ``tf.vectorized_map``: TensorFlow turns every operation
on one replicate's tensors into one on all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from course_pkg.replicates.optimizers import Packing, StackedOptimizer

__all__ = ["Rows", "State", "TrainingGraph"]


class State(NamedTuple):
    """Everything that training changes. Lists of tensors; all but scalars in `slots` have R rows."""

    thetas: list[Any]
    """Trainable variables, packed."""
    others: list[Any]
    """Non-trainable variables: moving averages, states of seed generators."""
    slots: list[Any]
    """The optimizer's state."""


class Rows(NamedTuple):
    """Samples that the graph picks from: nested tensors (n, …) shared by all replicates."""

    x: Any
    y: Any
    weights: Any
    """One tensor (n,) of sample weights in a tuple, or an empty tuple."""

    @classmethod
    def of(cls, x: Any, y: Any, sample_weight: Any) -> Rows:
        """Return the samples as tensors."""
        import tensorflow as tf

        weights = () if sample_weight is None else (sample_weight,)
        x, y, weights = tf.nest.map_structure(tf.convert_to_tensor, (x, y, weights))
        return cls(x, y, weights)


class TrainingGraph:
    """Train `replicates` replicates of a model, some epochs at a time.

    Parameters
    ----------
    model : keras.Model
        Compiled and built. Its code is traced, its own variables are not used.
    replicates : int
        The size of the chunk.
    batch_size : int
    validation_batch_size : int
    """

    def __init__(self, model: Any, replicates: int, batch_size: int, validation_batch_size: int) -> None:
        import tensorflow as tf

        self.model = model
        self.replicates = replicates
        self._batch_size = batch_size
        self._validation_batch_size = validation_batch_size
        self.packing = Packing([tuple(variable.shape) for variable in model.trainable_variables])
        self.optimizer = StackedOptimizer(model.optimizer, self.packing, replicates)
        self.metric_names = metric_names(model)
        self._metric_starts = [np.asarray(variable) for variable in model.metrics_variables]
        self._constrained = [i for i, v in enumerate(model.trainable_variables) if v.constraint is not None]
        self._traced = tf.function(self._run, autograph=False)
        self.run: Any = None
        """After :meth:`trace`: (state, rate, rows, orders, validation rows, their numbers) -> (state, history)."""

    def start(self, trainable: Sequence[Any], non_trainable: Sequence[Any]) -> State:
        """Return the state before the first update; `trainable` and `non_trainable` have R rows each."""
        import tensorflow as tf

        with tf.device("/CPU:0"):
            thetas = self.packing.pack([tf.convert_to_tensor(value) for value in trainable])
            return State(thetas, [tf.convert_to_tensor(value) for value in non_trainable], self.optimizer.start())

    def trace(self, state: State, rows: Rows, samples: int, held_out: Rows | None, held_rows: Any) -> None:
        """Trace the graph for replicates of `samples` training samples, any number of epochs a call."""
        import tensorflow as tf

        def spec(tensor: Any) -> Any:
            return tf.TensorSpec(tensor.shape, tensor.dtype)

        nest = tf.nest.map_structure
        orders = tf.TensorSpec([self.replicates, None, samples], tf.int32)
        held = None if held_rows is None else tf.TensorSpec(held_rows.shape, tf.int32)
        signature = (nest(spec, state), tf.TensorSpec([], tf.float32), nest(spec, rows), orders)
        held_spec = None if held_out is None else nest(spec, held_out)
        self.run = self._traced.get_concrete_function(*signature, held_spec, held)

    def _run(self, state: State, rate: Any, rows: Rows, orders: Any, held_out: Rows | None, held_rows: Any) -> Any:
        import tensorflow as tf

        epochs = tf.shape(orders)[1]
        history = tf.TensorArray(tf.float32, size=epochs)

        def one_epoch(epoch: Any, state: State, history: Any) -> Any:
            state, results = self._epoch(state, rate, rows, orders[:, epoch])
            if held_out is not None:
                results = tf.concat([results, self._evaluate(state, held_out, held_rows)], 0)
            return epoch + 1, state, history.write(epoch, results)

        _, state, history = tf.while_loop(
            lambda epoch, *_: epoch < epochs, one_epoch, (tf.constant(0), state, history), parallel_iterations=1
        )
        return state, history.stack()

    def _epoch(self, state: State, rate: Any, rows: Rows, order: Any) -> Any:
        import tensorflow as tf

        size, samples = self._batch_size, order.shape[1]
        full, rest = divmod(samples, size)
        carry = (state, self._fresh_metrics(), tf.zeros([self.replicates]))

        def one_batch(start: Any, width: int, carry: Any) -> Any:
            state, metrics, total = carry
            picked = _pick(rows, tf.slice(order, [0, start], [self.replicates, width]))
            state, metrics, loss = self._step(state, metrics, rate, picked)
            return state, metrics, total + loss * width

        if full:
            _, carry = tf.while_loop(
                lambda batch, _: batch < full,
                lambda batch, carry: (batch + 1, one_batch(batch * size, size, carry)),
                (tf.constant(0), carry),
                parallel_iterations=1,
            )
        if rest:
            carry = one_batch(full * size, rest, carry)
        state, metrics, total = carry
        return state, self._results(metrics, total / samples)

    def _step(self, state: State, metrics: list[Any], rate: Any, batch: Rows) -> Any:
        import tensorflow as tf

        trainable = self.packing.unpack(state.thetas)
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            losses, others, metrics = tf.vectorized_map(
                lambda args: self._forward(args, training=True), (trainable, state.others, metrics, batch)
            )
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, trainable, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        thetas, slots = self.optimizer.update(state.thetas, state.slots, self.packing.pack(gradients), rate)
        thetas = self._constrain(thetas)
        new = State(thetas, [_shaped(a, b) for a, b in zip(others, state.others, strict=True)], slots)
        return new, self._shaped_metrics(metrics), tf.ensure_shape(losses, [self.replicates])

    def _forward(self, args: tuple[Any, Any, Any, Rows], training: bool) -> Any:
        """One replicate's loss, and its variables and metrics after it."""
        import keras

        trainable, others, metrics, batch = args
        model = self.model
        weight = batch.weights[0] if batch.weights else None
        mapping = [
            *zip(model.trainable_variables, trainable, strict=True),
            *zip(model.non_trainable_variables, others, strict=True),
            *zip(model.metrics_variables, metrics, strict=True),
        ]
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            y_pred = model(batch.x, training=training)
            loss = model.compute_loss(batch.x, batch.y, y_pred, weight, training=training)
            model.compute_metrics(batch.x, batch.y, y_pred, weight)
        values = scope.get_current_value
        return (
            loss,
            [values(variable) for variable in model.non_trainable_variables],
            [values(variable) for variable in model.metrics_variables],
        )

    def _evaluate(self, state: State, rows: Rows, order: Any) -> Any:
        """Loss and metrics without training, in batches; `order` is (m,) or (R, m) row numbers."""
        import tensorflow as tf

        size, samples = self._validation_batch_size, order.shape[-1]
        full, rest = divmod(samples, size)
        trainable = self.packing.unpack(state.thetas)

        def one_batch(start: Any, width: int, carry: Any) -> Any:
            metrics, total = carry
            if len(order.shape) == 1:
                batch = _pick(rows, order[start : start + width])
                losses, _, metrics = tf.vectorized_map(
                    lambda args: self._forward((*args, batch), training=False), (trainable, state.others, metrics)
                )
            else:
                batch = _pick(rows, tf.slice(order, [0, start], [self.replicates, width]))
                losses, _, metrics = tf.vectorized_map(
                    lambda args: self._forward(args, training=False), (trainable, state.others, metrics, batch)
                )
            return self._shaped_metrics(metrics), total + tf.ensure_shape(losses, [self.replicates]) * width

        carry = (self._fresh_metrics(), tf.zeros([self.replicates]))
        if full == 1:
            carry = one_batch(0, size, carry)
        elif full:
            _, carry = tf.while_loop(
                lambda batch, _: batch < full,
                lambda batch, carry: (batch + 1, one_batch(batch * size, size, carry)),
                (tf.constant(0), carry),
                parallel_iterations=1,
            )
        if rest:
            carry = one_batch(full * size, rest, carry)
        metrics, total = carry
        return self._results(metrics, total / samples)

    def _constrain(self, thetas: list[Any]) -> list[Any]:
        """Apply the variables' constraints, such as max-norm, to each replicate."""
        import tensorflow as tf

        if not self._constrained:
            return thetas
        values = self.packing.unpack(thetas)
        for i in self._constrained:
            constraint = self.model.trainable_variables[i].constraint
            values[i] = _shaped(tf.vectorized_map(constraint, values[i]), values[i])
        return self.packing.pack(values)

    def _fresh_metrics(self) -> list[Any]:
        import tensorflow as tf

        return [tf.tile(tf.constant(v)[None], [self.replicates] + [1] * v.ndim) for v in self._metric_starts]

    def _shaped_metrics(self, metrics: Sequence[Any]) -> list[Any]:
        import tensorflow as tf

        return [
            tf.ensure_shape(value, [self.replicates, *start.shape])
            for value, start in zip(metrics, self._metric_starts, strict=True)
        ]

    def _results(self, metrics: list[Any], loss: Any) -> Any:
        """Stack loss and metric values, shape (1 + metrics, R)."""
        import keras
        import tensorflow as tf

        if not self.metric_names:
            return loss[None]

        def one(values: Any) -> Any:
            with keras.StatelessScope(state_mapping=zip(self.model.metrics_variables, values, strict=True)):
                results = self.model.get_metrics_result()
            return [tf.cast(results[name], tf.float32) for name in self.metric_names]

        rows = [tf.ensure_shape(row, [self.replicates]) for row in tf.vectorized_map(one, metrics)]
        return tf.stack([loss, *rows])


def metric_names(model: Any) -> list[str]:
    """Names of a compiled model's metrics, without the loss."""
    return [name for name in model.get_metrics_result() if name != "loss"]


def _pick(rows: Rows, index: Any) -> Rows:
    import tensorflow as tf

    return Rows(*tf.nest.map_structure(lambda tensor: tf.gather(tensor, index), tuple(rows)))


def _shaped(tensor: Any, like: Any) -> Any:
    import tensorflow as tf

    return tf.ensure_shape(tensor, like.shape)
