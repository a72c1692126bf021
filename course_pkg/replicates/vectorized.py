"""The vectorised engine: chunks of replicates, each trained at once, one chunk per core at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from course_pkg.replicates.callbacks import Watcher, check_callbacks
from course_pkg.replicates.compiled import Compiled
from course_pkg.replicates.errors import NotVectorizableError
from course_pkg.replicates.families import OPTIMIZER_NUMBERS, Family, families
from course_pkg.replicates.graph import Numbers, Rows, StackedModel, State, compiled
from course_pkg.replicates.orders import Orders
from course_pkg.replicates.plan import Data, Outcome, Plan
from course_pkg.replicates.progress import Progress
from course_pkg.replicates.starts import Starts, start_values

__all__ = ["CHUNK_SIZES", "chunk_size_for", "train"]

Array = np.ndarray[Any, Any]

CHUNK_SIZES = (16, 8, 1)
"""Sizes of chunks: the first that fits the memory. Multiples of 8 fill the processor's vectors, so that a
replicate's place in its chunk does not matter to the last bit; neither does it when alone."""

# An interrupt and the progress bar wait for one call of the graph: about this many seconds.
_CALL_SECONDS = 0.5
# The order array of a call stays below this.
_ORDER_BYTES = 32e6


def train(plan: Plan) -> Outcome:
    """Train all replicates of `plan`.

    Raises
    ------
    NotVectorizableError
        Naming the part of the model, or the callback, that is in the way.
    """
    check_callbacks(plan.callbacks)
    clock = time.perf_counter()
    starts = start_values(plan.build, plan.seeds, plan.settings, check)
    outcome = Outcome.empty(plan)
    outcome.replayed = starts.replayed
    outcome.timings["start weights"] = time.perf_counter() - clock
    clock = time.perf_counter()
    groups = list(_groups(plan, starts, outcome))
    outcome.timings["tracing"] = time.perf_counter() - clock
    clock = time.perf_counter()
    _run(plan, groups, outcome)
    outcome.timings["training"] = time.perf_counter() - clock
    return outcome


def check(model: Any) -> None:
    """Raise unless `model` is a compiled, built Keras model whose training can be vectorised."""
    import keras

    if not isinstance(model, keras.Model):
        raise TypeError(f"build must return a Keras model, got {type(model).__name__}.")
    if not getattr(model, "compiled", False):
        raise ValueError("build must return a compiled model: call model.compile(optimizer, loss) in it.")
    if not model.built:
        raise ValueError("build must return a built model: begin it with keras.Input(shape), or call it on samples.")
    for method in ("train_step", "test_step"):
        if getattr(type(model), method) is not getattr(keras.Model, method):
            raise NotVectorizableError(f"{type(model).__name__}.{method}", "it is your own code")
    for variable in model.trainable_variables:
        if variable.dtype != "float32":
            raise NotVectorizableError(f"variable {variable.path} of type {variable.dtype}", "only float32 is stacked")


def prepare(model: Any, data: Data) -> None:
    """Create the variables of the compiled metrics, which Keras does at the first batch."""
    x, y, _ = data.of(0, 2)
    y_pred = model(x)
    model.compute_loss(x, y, y_pred, None)
    model.compute_metrics(x, y, y_pred, None)
    model.reset_metrics()


def chunk_size_for(plan: Plan, model: Any) -> int:
    """Return the largest chunk that keeps all workers together within the memory asked for.

    It depends on the model and the batch size, never on the number of replicates.
    """
    if plan.chunk_size is not None:
        return plan.chunk_size
    # Variables, gradients, two slots of the optimizer, each once more as a temporary; outputs and their gradients.
    numbers = 8 * model.count_params() + 3 * max(plan.batch_size, plan.validation_batch_size) * _outputs(model)
    for size in CHUNK_SIZES:
        if 4 * numbers * size * plan.workers <= plan.memory:
            return size
    return CHUNK_SIZES[-1]


def _outputs(model: Any) -> int:
    """Numbers that the layers of a model put out for one sample, as far as Keras knows them."""
    total = 0
    for layer in model.layers:
        try:
            shape = layer.output.shape
        except (AttributeError, ValueError):  # a layer of a subclass model
            continue
        total += int(np.prod([size or 1 for size in shape[1:]]))
    return total


class _Group:
    """Replicates that share a graph: one family of settings, equal numbers of samples."""

    def __init__(self, plan: Plan, family: Family, members: list[int], starts: Starts) -> None:
        self.plan = plan
        self.starts = starts
        self.members = members
        self.numbers = family.numbers
        self.position = {setting: place for place, setting in enumerate(family.settings)}
        self.chunk = chunk_size_for(plan, family.model)
        self.stacked = StackedModel(family.model, self.chunk)
        self.samples = len(plan.train.rows[members[0]])
        self.rows = Rows.of(plan.train.x, plan.train.y, plan.train.sample_weight)
        held = plan.validation
        self.held_out = None if held is None else Rows.of(held.x, held.y, held.sample_weight)
        names = ["loss", *self.stacked.metric_names]
        self.names = names + ([] if held is None else [f"val_{name}" for name in names])
        self.per_replicate_rate = bool(plan.callbacks) or "learning_rate" in self.numbers
        self.run = self._traced()

    def chunks(self) -> list[list[int]]:
        return [self.members[i : i + self.chunk] for i in range(0, len(self.members), self.chunk)]

    def padded(self, members: list[int]) -> list[int]:
        """A short chunk repeats its last replicate, so that all chunks have one size."""
        return members + [members[-1]] * (self.chunk - len(members))

    def _traced(self) -> Compiled:
        import tensorflow as tf

        first = self.chunks()[0]
        orders = tf.TensorSpec([self.chunk, None, self.samples], tf.int32)
        held = (self.held_out, self.held_rows(first))
        function = self.stacked.training(self.plan.batch_size, self.plan.validation_batch_size)
        return compiled(function, self.start(first), self.inputs(first), self.rows, orders, *held)

    def start(self, members: list[int]) -> State:
        values = [self.starts.values[i] for i in self.padded(members)]
        stacked = [np.stack(column) for column in zip(*values, strict=True)]
        count = len(self.stacked.model.trainable_variables)
        return self.stacked.start(stacked[:count], stacked[count:])

    def inputs(self, members: list[int], rates: Array | None = None) -> Numbers:
        """The hyperparameters of a chunk; `rates` (chunk,) stands in for the learning rate where given."""
        places = [self.position[self.starts.setting_of[i]] for i in self.padded(members)]
        optimizer = self.stacked.optimizer
        columns = {name: values[places] for name, values in self.numbers.items()}
        rate = columns.pop("learning_rate", np.full(self.chunk, optimizer.learning_rate or 0.0))
        rate = np.asarray(rate if rates is None else rates, "float32")[:, None]
        decay: Any = np.float32(optimizer.weight_decay or 0.0)
        if "weight_decay" in columns:
            decay = columns.pop("weight_decay").astype("float32")[:, None]
        return Numbers(rate if self.per_replicate_rate else rate[0, 0], decay, columns)

    def held_rows(self, members: list[int]) -> Array | None:
        held = self.plan.validation
        if held is None:
            return None
        if held.shared:
            return held.rows[0].astype(np.int32)
        return np.stack([held.rows[i] for i in self.padded(members)]).astype(np.int32)


def _groups(plan: Plan, starts: Starts, outcome: Outcome) -> Iterator[_Group]:
    """Sort the replicates into groups and trace each. Keras's scopes are not thread-safe, so this is done in one."""
    for number, family in enumerate(families(starts.models)):
        prepare(family.model, plan.train)
        outcome.models.append(family.model)
        by_size: dict[tuple[int, int], list[int]] = {}
        for replicate in range(plan.count):
            if starts.setting_of[replicate] in family.settings:
                outcome.model_of[replicate] = number
                place = family.settings.index(starts.setting_of[replicate])
                outcome.numbers[replicate] = {
                    name: float(values[place])
                    for name, values in family.numbers.items()
                    if name not in OPTIMIZER_NUMBERS
                }
                held = 0 if plan.validation is None else len(plan.validation.rows[replicate])
                by_size.setdefault((len(plan.train.rows[replicate]), held), []).append(replicate)
        for members in by_size.values():
            yield _Group(plan, family, members, starts)


def _run(plan: Plan, groups: list[_Group], outcome: Outcome) -> None:
    """Train all chunks in threads; the main thread shows progress and takes Ctrl-C."""
    jobs = [(group, members) for group in groups for members in group.chunks()]
    stop = threading.Event()
    with ThreadPoolExecutor(min(plan.workers, len(jobs))) as pool, Progress(plan) as progress:
        futures: list[Future[None]] = [
            pool.submit(_Chunk(group, members, outcome, stop, progress).train) for group, members in jobs
        ]
        try:
            pending = set(futures)
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
                progress.show()
                for future in finished:
                    future.result()
        except KeyboardInterrupt:
            stop.set()
            outcome.interrupted = True
        except BaseException:
            stop.set()
            raise


class _Chunk:
    """The training of one chunk, from start weights to results; runs in a thread of its own."""

    def __init__(
        self, group: _Group, members: list[int], outcome: Outcome, stop: threading.Event, progress: Progress
    ) -> None:
        self._group = group
        self._members = members
        self._outcome = outcome
        self._stop = stop
        self._progress = progress

    def train(self) -> None:
        if self._stop.is_set():
            return
        group, plan, members = self._group, self._group.plan, self._members
        padded = group.padded(members)
        self._state = group.start(members)
        self._orders = Orders([plan.seeds[i] for i in padded], group.samples, plan.shuffle)
        self._rows = np.stack([plan.train.rows[i] for i in padded]).astype(np.int32)
        self._held_rows = group.held_rows(members)
        if plan.callbacks:
            self._train_watched()
        else:
            self._train_blocks()

    def _train_blocks(self) -> None:
        epochs, done, block = self._group.plan.epochs, 0, 1
        numbers = self._group.inputs(self._members)
        while done < epochs and not self._stop.is_set():
            clock = time.perf_counter()
            block = min(block, epochs - done)
            history = self._epochs(block, numbers)
            for name, value in zip(self._group.names, history.transpose(1, 2, 0), strict=True):
                self._outcome.record(name, self._members, slice(done, done + block), value[: len(self._members)])
            done += block
            self._progress.add(block * len(self._members))
            per_epoch = (time.perf_counter() - clock) / block
            block = max(1, min(int(_CALL_SECONDS / per_epoch), int(_ORDER_BYTES / (4 * self._rows.size))))
        for place in range(len(self._members)):
            self._keep(place, done)

    def _train_watched(self) -> None:
        """Epoch by epoch, as callbacks may act after each; a replicate that stops is kept as it is then."""
        group, plan, members = self._group, self._group.plan, self._members
        rates = group.inputs(members).learning_rate[:, 0].copy()
        schedule = group.stacked.optimizer.learning_rate is None
        watchers = {
            place: Watcher(
                plan.callbacks, group.stacked.model, None if schedule else float(rates[place]), self._reader(place)
            )
            for place in range(len(members))
        }
        done = 0
        while watchers and done < plan.epochs and not self._stop.is_set():
            for place, watcher in watchers.items():
                watcher.begin_epoch(done)
                rates[place] = watcher.learning_rate or 0.0
            history = self._epochs(1, group.inputs(members, rates))[0]
            done += 1
            for place in list(watchers):
                logs = {name: float(value) for name, value in zip(group.names, history[:, place], strict=True)}
                stopped = watchers[place].end_epoch(done - 1, logs)
                for name, value in logs.items():
                    self._outcome.record(name, members[place], done - 1, value)
                if stopped:
                    self._finish(place, done, watchers.pop(place))
            self._progress.add(len(members))
        for place, watcher in watchers.items():
            self._finish(place, done, watcher)
        self._progress.add((plan.epochs - done) * len(members))

    def _epochs(self, count: int, numbers: Numbers) -> Array:
        group = self._group
        order = np.take_along_axis(self._rows[:, None, :], self._orders.take(count), axis=2)
        self._state, history = group.run(self._state, numbers, group.rows, order, group.held_out, self._held_rows)
        return np.asarray(history)

    def _finish(self, place: int, done: int, watcher: Watcher) -> None:
        watcher.end_training()
        self._keep(place, done)
        if watcher.replaced is not None:
            self._outcome.values[self._members[place]] = watcher.replaced

    def _keep(self, place: int, done: int) -> None:
        replicate = self._members[place]
        self._outcome.values[replicate] = self._values(place)
        self._outcome.done[replicate] = done

    def _reader(self, place: int) -> Any:
        return lambda: self._values(place)

    def _values(self, place: int) -> list[Array]:
        trainable = self._group.stacked.packing.unpack_arrays(
            [theta[place : place + 1] for theta in self._state.thetas]
        )
        return [array[0].copy() for array in [*trainable, *(other[place : place + 1] for other in self._state.others)]]
