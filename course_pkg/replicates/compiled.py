"""A TensorFlow function that runs in the thread that calls it.

A ``tf.function`` runs in TensorFlow's own threads, of which the portable preset allows one: two Python threads that
call it take turns. A session can be told to run in the calling thread instead; then two callers use two cores,
whatever the environment says, and each of them computes exactly what it would compute alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_pkg.replicates.errors import NotVectorizableError
from course_pkg.replicates.products import exchange

__all__ = ["Compiled"]

_CALLERS_THREAD = -1


class Compiled:
    """Trace a Python function once, then call it with NumPy arrays from any thread.

    Parameters
    ----------
    function : callable
        Works on nests (tuples, lists, dicts) of tensors.
    signature : sequence
        One nest of ``tf.TensorSpec`` for each argument.
    """

    def __init__(self, function: Callable[..., Any], signature: Sequence[Any]) -> None:
        import tensorflow as tf

        traced = tf.function(function, autograph=False).get_concrete_function(*signature)
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(_definition(traced.graph), name="")
        captured = traced.captured_inputs
        inputs = [tensor.name for tensor in traced.inputs]
        self._inputs = inputs[: len(inputs) - len(captured)]
        self._captured = dict(zip(inputs[len(self._inputs) :], map(_value, captured), strict=True))
        self._structure = traced.structured_outputs
        self._outputs = [tensor.name for tensor in traced.outputs]
        self._session = _session(graph)

    def __call__(self, *arguments: Any) -> Any:
        """Return a nest of NumPy arrays."""
        import tensorflow as tf

        values = [value for value in tf.nest.flatten(arguments) if value is not None]
        feeds = {**self._captured, **dict(zip(self._inputs, values, strict=True))}
        options = tf.compat.v1.RunOptions(inter_op_thread_pool=_CALLERS_THREAD)
        return tf.nest.pack_sequence_as(self._structure, self._session.run(self._outputs, feeds, options=options))


def _definition(graph: Any) -> Any:
    return exchange(graph.as_graph_def(add_shapes=True)) if _has_batched_products() else graph.as_graph_def()


@functools.cache
def _has_batched_products() -> bool:
    """Try one on this build of TensorFlow: those for other processors have no such kernel."""
    import tensorflow as tf

    plain, batched = tf.Graph(), tf.Graph()
    with plain.as_default():
        ones = tf.ones([2, 32, 32])
        tf.linalg.matmul(ones, ones, name="product")
    try:
        with batched.as_default():
            tf.import_graph_def(exchange(plain.as_graph_def(add_shapes=True)), name="")
        with _session(batched) as session:
            return bool((session.run("product:0") == 32).all())
    except (ValueError, tf.errors.OpError):  # unknown operation; no kernel
        return False


def _session(graph: Any) -> Any:
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=1,
        inter_op_parallelism_threads=1,
        use_per_session_threads=True,
        device_count={"GPU": 0},
    )
    return tf.compat.v1.Session(graph=graph, config=config)


def _value(captured: Any) -> Any:
    """A constant that the traced code refers to; anything with a state cannot be carried over."""
    if captured.dtype.name in {"resource", "variant"}:
        raise NotVectorizableError("a variable or table outside of the model's variables", "it is not stacked")
    return np.asarray(captured)
