"""The vectorised engine: chunks of replicates, trained at once, in one thread per core."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from course_pkg.replicates.errors import NotVectorizableError
from course_pkg.replicates.graph import Rows, State, TrainingGraph
from course_pkg.replicates.orders import Orders
from course_pkg.replicates.plan import Data, Outcome, Plan, nested
from course_pkg.replicates.starts import Starts, stacked_starts

__all__ = ["CHUNK", "cores", "train"]

Array = np.ndarray[Any, Any]

CHUNK = 16
"""Replicates of a chunk, unless the model is too large for that."""

# Order arrays of one call of the graph stay below this, and an interrupt waits for at most one call.
_ORDER_BYTES = 32e6


def train(plan: Plan) -> Outcome:
    """Train all replicates of `plan`.

    Raises
    ------
    NotVectorizableError
        Naming the part of the model, or the callback, that is in the way.
    """
    clock = time.perf_counter()
    starts = stacked_starts(plan.build, plan.seeds, plan.settings, check)
    timings = {"start weights": time.perf_counter() - clock}
    prepare(starts.models[0], plan.train)
    job = _Training(plan, starts)
    clock = time.perf_counter()
    job.trace()
    timings["tracing"] = time.perf_counter() - clock
    clock = time.perf_counter()
    job.run()
    timings["training"] = time.perf_counter() - clock
    job.outcome.timings = timings
    return job.outcome


def check(model: Any) -> None:
    """Raise unless `model` is a compiled, built Keras model whose training can be vectorised."""
    import keras

    for method in ("train_step", "test_step"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise NotVectorizableError(f"{type(model).__name__}.{method}", "it is your own code")


def prepare(model: Any, data: Data) -> None:
    """Create the variables of the compiled metrics, which Keras does at the first batch."""
    x, y, _ = data.of(0)
    few = nested(lambda a: a[:2], x), nested(lambda a: a[:2], y)
    model.compute_loss(few[0], few[1], model(few[0]), None)
    model.compute_metrics(few[0], few[1], model(few[0]), None)
    model.reset_metrics()


class _Training:
    """The chunks of one call, and what they have reached."""

    def __init__(self, plan: Plan, starts: Starts) -> None:
        self.plan = plan
        self.starts = starts
        self.chunk = plan.chunk_size or CHUNK
        self.stop = threading.Event()
        self.chunks = self._chunks()
        self.graphs: dict[Any, TrainingGraph] = {}
        self.rows = Rows.of(plan.train.x, plan.train.y, plan.train.sample_weight)
        held = plan.validation
        self.held_out = None if held is None else Rows.of(held.x, held.y, held.sample_weight)
        self.outcome = Outcome(
            starts.models[0],
            [array.copy() for array in starts.trainable],
            [array.copy() for array in starts.non_trainable],
            {},
            np.zeros(plan.count, int),
        )

    def _key(self, replicate: int) -> tuple[int, int]:
        held = self.plan.validation
        return len(self.plan.train.rows[replicate]), 0 if held is None else len(held.rows[replicate])

    def _chunks(self) -> list[tuple[Any, Array]]:
        """Cut the replicates into chunks of equal sizes of data, in order."""
        groups: dict[Any, list[int]] = {}
        for replicate in range(self.plan.count):
            groups.setdefault(self._key(replicate), []).append(replicate)
        return [
            (key, np.array(members[start : start + self.chunk]))
            for key, members in groups.items()
            for start in range(0, len(members), self.chunk)
        ]

    def trace(self) -> None:
        """Trace the graph of each size of data. Keras's scopes are not thread-safe, so this comes first."""
        plan = self.plan
        for key, members in self.chunks:
            if key in self.graphs:
                continue
            graph = TrainingGraph(self.starts.models[0], self.chunk, plan.batch_size, plan.validation_batch_size)
            self.graphs[key] = graph
            graph.trace(self._start(graph, members), self.rows, key[0], self.held_out, self._held_rows(members))
        names = ["loss", *graph.metric_names]
        names += [f"val_{name}" for name in names] if plan.validation is not None else []
        self.outcome.history = {name: np.full((plan.count, plan.epochs), np.nan) for name in names}

    def run(self) -> None:
        """Train all chunks, in threads."""
        with ThreadPoolExecutor(min(self.plan.workers, len(self.chunks))) as pool:
            futures = [pool.submit(self._train_chunk, key, members) for key, members in self.chunks]
            try:
                for future in futures:
                    future.result()
            except KeyboardInterrupt:
                self.stop.set()
                self.outcome.interrupted = True
            except BaseException:
                self.stop.set()
                raise

    def _padded(self, members: Array) -> Array:
        """The last chunk repeats its last replicate, so that all chunks have one size."""
        return np.concatenate([members, np.repeat(members[-1], self.chunk - len(members))])

    def _start(self, graph: TrainingGraph, members: Array) -> State:
        padded = self._padded(members)
        starts = self.starts
        return graph.start([a[padded] for a in starts.trainable], [a[padded] for a in starts.non_trainable])

    def _held_rows(self, members: Array) -> Any:
        held = self.plan.validation
        if held is None:
            return None
        if held.shared:
            return held.rows[0].astype(np.int32)
        return np.stack([held.rows[i] for i in self._padded(members)]).astype(np.int32)

    def _train_chunk(self, key: Any, members: Array) -> None:
        import tensorflow as tf

        if self.stop.is_set():
            return
        plan, graph = self.plan, self.graphs[key]
        padded = self._padded(members)
        state = self._start(graph, members)
        orders = Orders([plan.seeds[i] for i in padded], key[0], plan.shuffle)
        rows = np.stack([plan.train.rows[i] for i in padded]).astype(np.int32)
        held_rows = self._held_rows(members)
        held_rows = None if held_rows is None else tf.constant(held_rows)
        rate = tf.constant(graph.optimizer.learning_rate or 0.0, tf.float32)
        block = max(1, int(_ORDER_BYTES / (4 * self.chunk * key[0])))
        done = 0
        while done < plan.epochs and not self.stop.is_set():
            epochs = min(block, plan.epochs - done)
            picked = np.take_along_axis(rows[:, None, :], orders.take(epochs), axis=2)
            state, history = graph.run(state, rate, self.rows, tf.constant(picked), self.held_out, held_rows)
            values = history.numpy()
            for name, value in zip(self.outcome.history, values.transpose(1, 2, 0), strict=True):
                self.outcome.history[name][members, done : done + epochs] = value[: len(members)]
            done += epochs
        self._keep(graph, state, members, done)

    def _keep(self, graph: TrainingGraph, state: State, members: Array, done: int) -> None:
        for kept, tensor in zip(self.outcome.trainable, graph.packing.unpack(state.thetas), strict=True):
            kept[members] = tensor.numpy()[: len(members)]
        for kept, tensor in zip(self.outcome.non_trainable, state.others, strict=True):
            kept[members] = tensor.numpy()[: len(members)]
        self.outcome.done[members] = done


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
