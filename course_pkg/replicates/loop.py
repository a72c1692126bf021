"""The plain Keras loop: one seeded build and one ``model.fit`` per replicate."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from course_pkg.replicates.orders import Orders
from course_pkg.replicates.plan import Outcome, Plan, nested
from course_pkg.replicates.progress import Progress
from course_pkg.replicates.starts import build_seeded

__all__ = ["train"]

Array = np.ndarray[Any, Any]


def train(plan: Plan) -> Outcome:
    """Train the replicates of `plan` one after the other."""
    clock = time.perf_counter()
    outcome = Outcome.empty(plan)
    keys = [repr(sorted(setting.items())) for setting in plan.settings]
    known: dict[str, int] = {}
    with Progress(plan) as progress:
        for replicate in range(plan.count):
            try:
                model, history = _one(plan, replicate)
            except KeyboardInterrupt:
                outcome.interrupted = True
                break
            if keys[replicate] not in known:
                known[keys[replicate]] = len(outcome.models)
                outcome.models.append(model)
            outcome.model_of[replicate] = known[keys[replicate]]
            variables = model.trainable_variables + model.non_trainable_variables
            outcome.values[replicate] = [np.asarray(variable).copy() for variable in variables]
            outcome.done[replicate] = len(history["loss"])
            for name, values in history.items():
                outcome.record(name, replicate, slice(0, len(values)), values)
            progress.add(plan.epochs)
            progress.show()
    outcome.timings["training"] = time.perf_counter() - clock
    return outcome


def _one(plan: Plan, replicate: int) -> tuple[Any, dict[str, list[float]]]:
    model = build_seeded(plan.build, plan.seeds[replicate], plan.settings[replicate])
    x, y, weight = plan.train.of(replicate)
    held_out = None
    if plan.validation is not None:
        held_out = plan.validation.of(replicate)[: 2 if plan.validation.sample_weight is None else 3]
    options = {
        "epochs": plan.epochs,
        "validation_data": held_out,
        "validation_batch_size": plan.validation_batch_size,
        "callbacks": copy.deepcopy(plan.callbacks),
        "verbose": 0,
    }
    if plan.shuffle != "epoch":
        shuffle = plan.shuffle == "fit"
        history = model.fit(x, y, sample_weight=weight, batch_size=plan.batch_size, shuffle=shuffle, **options)
        return model, history.history
    samples = len(plan.train.rows[replicate])
    steps = -(-samples // plan.batch_size)
    batches = _batches((x, y) if weight is None else (x, y, weight), plan, plan.seeds[replicate], samples)
    history = model.fit(batches, shuffle=False, steps_per_epoch=steps, **options)
    return model, history.history


def _batches(arrays: tuple[Any, ...], plan: Plan, seed: int, samples: int) -> Iterator[tuple[Any, ...]]:
    """Yield the batches of all epochs, in this package's own order; ``fit`` goes on where it stopped."""
    orders = Orders([seed], samples, plan.shuffle)
    for _ in range(plan.epochs):
        order = orders.take(1)[0, 0]
        for start in range(0, samples, plan.batch_size):
            rows = order[start : start + plan.batch_size]
            yield tuple(_picked(array, rows) for array in arrays)


def _picked(data: Any, rows: Array) -> Any:
    return nested(lambda array: array[rows], data)
