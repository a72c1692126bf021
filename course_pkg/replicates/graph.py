"""The training of one chunk of replicates as a TensorFlow graph: loops over epochs and batches included.

The forward pass is the model's own code, run once under ``tf.vectorized_map``: TensorFlow turns every operation
on one replicate's tensors into one on all of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from course_pkg.replicates.biases import PerSampleBiases
from course_pkg.replicates.compiled import Compiled
from course_pkg.replicates.families import numbered_parts
from course_pkg.replicates.noise import DropoutDraws, quiet
from course_pkg.replicates.optimizers import Packing, StackedOptimizer
from course_pkg.replicates.rules import add_rules

__all__ = ["Numbers", "Rows", "StackedModel", "State", "compiled", "metric_names"]

Array = np.ndarray[Any, Any]


class State(NamedTuple):
    """Everything that training changes. Lists of tensors or arrays; all but scalars in `slots` have R rows."""

    thetas: list[Any]
    """Trainable variables, packed."""
    others: list[Any]
    """Non-trainable variables: moving averages, states of seed generators."""
    slots: list[Any]
    """The optimizer's state."""


class Rows(NamedTuple):
    """Samples that the graph picks from: nested tensors or arrays (n, …) shared by all replicates."""

    x: Any
    y: Any
    weights: Any
    """One tensor (n,) of sample weights in a tuple, or an empty tuple."""

    @classmethod
    def of(cls, x: Any, y: Any, sample_weight: Any) -> Rows:
        """Return the samples in the form that the graph takes."""
        return cls(x, y, () if sample_weight is None else (sample_weight,))


class Numbers(NamedTuple):
    """Hyperparameters that the graph takes as input."""

    learning_rate: Any
    """float32, () or (R, 1)."""
    weight_decay: Any
    """float32, () or (R, 1)."""
    layers: Mapping[str, Any]
    """Name of a layer's number -> (R,) float64; those that do not differ between replicates are left out."""


class StackedModel:
    """R replicates of a compiled model as functions of their stacked variables.

    Parameters
    ----------
    model : keras.Model
        Compiled and built. Its code is traced, its own variables are not used; its dropout layers are changed.
    replicates : int
        How many are stacked.
    """

    def __init__(self, model: Any, replicates: int) -> None:
        self.model = model
        self.replicates = replicates
        self.packing = Packing([tuple(variable.shape) for variable in model.trainable_variables])
        self.optimizer = StackedOptimizer(model.optimizer, model.trainable_variables, self.packing, replicates)
        self.metric_names = metric_names(model)
        self._metric_starts = [np.asarray(variable) for variable in model.metrics_variables]
        self._constrained = [i for i, v in enumerate(model.trainable_variables) if v.constraint is not None]
        self._parts = numbered_parts(model)
        self._biases = PerSampleBiases(model, replicates)
        self._draws = DropoutDraws(model, replicates)

    def start(self, trainable: Sequence[Array], non_trainable: Sequence[Array]) -> State:
        """Return the state before the first update; `trainable` and `non_trainable` have R rows each."""
        return State(self.packing.pack_arrays(trainable), list(non_trainable), self.optimizer.start())

    def training(self, batch_size: int, validation_batch_size: int) -> Callable[..., Any]:
        """Return the function to trace: some epochs of training.

        It takes a state, numbers, training samples, orders (R, epochs, n) of row numbers, validation samples or
        None, and their row numbers ((m,) or (R, m)) or None. It returns the new state and the history, shape
        (epochs, values, R): the loss and the metrics, then the same of the validation samples.
        """

        def train(state: State, numbers: Numbers, rows: Rows, orders: Any, held_out: Any, held_rows: Any) -> Any:
            import tensorflow as tf

            epochs = tf.shape(orders)[1]
            history = tf.TensorArray(tf.float32, size=epochs)

            def one_epoch(epoch: Any, state: State, history: Any) -> Any:
                state, results = self._epoch(state, numbers, rows, orders[:, epoch], batch_size)
                if held_out is not None:
                    after = (state.thetas, state.others, numbers)
                    held = self._evaluate(*after, held_out, held_rows, validation_batch_size)
                    results = tf.concat([results, held], 0)
                return epoch + 1, state, history.write(epoch, results)

            _, state, history = tf.while_loop(
                lambda epoch, *_: epoch < epochs, one_epoch, (tf.constant(0), state, history), parallel_iterations=1
            )
            return state, history.stack()

        return train

    def evaluation(self, batch_size: int) -> Callable[..., Any]:
        """Return the function to trace: loss and metrics, shape (values, R), of one block of samples."""

        def evaluate(thetas: Any, others: Any, numbers: Numbers, rows: Rows, order: Any) -> Any:
            return self._evaluate(thetas, others, numbers, rows, order, batch_size)

        return evaluate

    def prediction(self, thetas: Any, others: Any, x: Any) -> Any:
        """Return the outputs of all replicates for one batch, (R, batch, …)."""
        import keras
        import tensorflow as tf

        def one(args: Any) -> Any:
            with keras.StatelessScope(state_mapping=self._mapping(*args)):
                return self.model(x, training=False)

        return tf.vectorized_map(one, (self.packing.unpack(thetas), others))

    def _epoch(self, state: State, numbers: Numbers, rows: Rows, order: Any, size: int) -> Any:
        samples = order.shape[1]

        def one_batch(start: Any, width: int, carry: Any) -> Any:
            import tensorflow as tf

            state, metrics, total = carry
            picked = _pick(rows, tf.slice(order, [0, start], [self.replicates, width]))
            state, metrics, loss = self._step(state, metrics, numbers, picked)
            return state, metrics, total + loss * width

        state, metrics, total = _batches(one_batch, samples, size, (state, self._fresh_metrics(), self._zeros()))
        return state, self._results(metrics, total / samples)

    def _step(self, state: State, metrics: list[Any], numbers: Numbers, batch: Rows) -> Any:
        import tensorflow as tf

        samples = int(tf.nest.flatten(batch.x)[0].shape[1])
        trainable = self.packing.unpack(state.thetas)
        trainable = [*trainable, *self._biases.copies(trainable, samples)]
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            forward = self._forward(state.others, training=True)
            losses, others, metrics = tf.vectorized_map(
                forward, (tf.range(self.replicates), trainable, state.others, metrics, numbers.layers, batch)
            )
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, trainable, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        gradients = self._biases.gathered([tf.convert_to_tensor(gradient) for gradient in gradients])
        packed = self.packing.pack(gradients)
        thetas, slots = self.optimizer.update(
            state.thetas, state.slots, packed, numbers.learning_rate, numbers.weight_decay
        )
        others = [tf.ensure_shape(new, old.shape) for new, old in zip(others, state.others, strict=True)]
        return State(self._constrain(thetas), others, slots), self._shaped(metrics), self._per_replicate(losses)

    def _forward(self, stacked_others: Sequence[Any], training: bool) -> Callable[[Any], Any]:
        """Return the function of one replicate: its loss, and its variables and metrics after it."""
        import keras

        model = self.model
        states = {id(v): t for v, t in zip(model.non_trainable_variables, stacked_others, strict=True)}

        def forward(args: Any) -> Any:
            index, trainable, others, metrics, layer_numbers, batch = args
            weight = batch.weights[0] if batch.weights else None
            biases = trainable[len(model.trainable_variables) :]
            mapping = self._mapping(trainable[: len(model.trainable_variables)], others, metrics)
            with (
                self._numbered(layer_numbers),
                self._draws.using(states, index),
                self._biases.using(biases),
                keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope,
            ):
                y_pred = model(batch.x, training=training)
                loss = model.compute_loss(batch.x, batch.y, y_pred, weight, training=training)
                model.compute_metrics(batch.x, batch.y, y_pred, weight)
            values = scope.get_current_value
            after = [values(variable) for variable in model.non_trainable_variables]
            return loss, after, [values(variable) for variable in model.metrics_variables]

        return forward

    def _mapping(self, trainable: Any, others: Any, metrics: Any = None) -> list[tuple[Any, Any]]:
        model = self.model
        return [
            *zip(model.trainable_variables, trainable, strict=True),
            *zip(model.non_trainable_variables, others, strict=True),
            *zip(model.metrics_variables if metrics is not None else [], metrics or [], strict=True),
        ]

    @contextlib.contextmanager
    def _numbered(self, layer_numbers: Mapping[str, Any]) -> Iterator[None]:
        """Put one replicate's numbers in the place of the layers' own, while they are traced."""
        import tensorflow as tf

        own = {name: getattr(*self._parts[name]) for name in layer_numbers}
        for name, value in layer_numbers.items():
            part, attribute = self._parts[name]
            object.__setattr__(part, attribute, value if attribute == "rate" else tf.cast(value, tf.float32))
        try:
            yield
        finally:
            for name, value in own.items():
                object.__setattr__(*self._parts[name], value)

    def _evaluate(self, thetas: Any, others: Any, numbers: Numbers, rows: Rows, order: Any, size: int) -> Any:
        """Loss and metrics without training, in batches; `order` is (m,) or (R, m) row numbers."""
        trainable = self.packing.unpack(thetas)
        shared = len(order.shape) == 1
        forward = self._forward(others, training=False)

        def one_batch(start: Any, width: int, carry: Any) -> Any:
            import tensorflow as tf

            metrics, total = carry
            picked = order[start : start + width] if shared else order[:, start : start + width]
            picked = tf.ensure_shape(picked, [*order.shape[:-1], width])
            batch = _pick(rows, picked)
            stacked = (tf.range(self.replicates), trainable, others, metrics, numbers.layers)
            if shared:
                losses, _, metrics = tf.vectorized_map(lambda args: forward((*args, batch)), stacked)
            else:
                losses, _, metrics = tf.vectorized_map(forward, (*stacked, batch))
            return self._shaped(metrics), total + self._per_replicate(losses) * width

        metrics, total = _batches(one_batch, order.shape[-1], size, (self._fresh_metrics(), self._zeros()))
        return self._results(metrics, total / order.shape[-1])

    def _constrain(self, thetas: list[Any]) -> list[Any]:
        """Apply the variables' constraints, such as max-norm, to each replicate."""
        import tensorflow as tf

        if not self._constrained:
            return thetas
        values = self.packing.unpack(thetas)
        for i in self._constrained:
            constraint = self.model.trainable_variables[i].constraint
            values[i] = tf.ensure_shape(tf.vectorized_map(constraint, values[i]), values[i].shape)
        return self.packing.pack(values)

    def _fresh_metrics(self) -> list[Any]:
        import tensorflow as tf

        return [tf.tile(tf.constant(v)[None], [self.replicates] + [1] * v.ndim) for v in self._metric_starts]

    def _shaped(self, metrics: Sequence[Any]) -> list[Any]:
        import tensorflow as tf

        pairs = zip(metrics, self._metric_starts, strict=True)
        return [tf.ensure_shape(value, [self.replicates, *start.shape]) for value, start in pairs]

    def _per_replicate(self, values: Any) -> Any:
        import tensorflow as tf

        return tf.ensure_shape(tf.cast(values, tf.float32), [self.replicates])

    def _zeros(self) -> Any:
        import tensorflow as tf

        return tf.zeros([self.replicates])

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

        return tf.stack([loss, *(self._per_replicate(row) for row in tf.vectorized_map(one, metrics))])


def compiled(function: Callable[..., Any], *examples: Any) -> Compiled:
    """Trace `function` for arguments of the shapes and types of `examples` (nests of arrays or ``tf.TensorSpec``)."""
    import tensorflow as tf

    def spec(value: Any) -> Any:
        if value is None or isinstance(value, tf.TensorSpec):
            return value
        return tf.TensorSpec(np.shape(value), np.asarray(value).dtype)

    add_rules()
    with quiet():
        return Compiled(function, [tf.nest.map_structure(spec, example) for example in examples])


def metric_names(model: Any) -> list[str]:
    """Names of a compiled model's metrics, without the loss."""
    return [name for name in model.get_metrics_result() if name != "loss"]


def _batches(one_batch: Callable[..., Any], samples: int, size: int, carry: Any) -> Any:
    """Loop over the full batches in the graph, then do the smaller last one."""
    import tensorflow as tf

    full, rest = divmod(samples, size)
    if full == 1:
        carry = one_batch(0, size, carry)
    elif full:
        _, carry = tf.while_loop(
            lambda batch, _: batch < full,
            lambda batch, carry: (batch + 1, one_batch(batch * size, size, carry)),
            (tf.constant(0), carry),
            parallel_iterations=1,
        )
    return one_batch(full * size, rest, carry) if rest else carry


def _pick(rows: Rows, index: Any) -> Rows:
    import tensorflow as tf

    return Rows(*tf.nest.map_structure(lambda tensor: tf.gather(tensor, index), tuple(rows)))
