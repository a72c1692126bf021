"""The plain Keras loop: one seeded build and one ``model.fit`` per replicate."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from course_pkg.replicates.orders import Orders
from course_pkg.replicates.plan import Outcome, Plan, nested
from course_pkg.replicates.starts import build_seeded

__all__ = ["train"]

Array = np.ndarray[Any, Any]


def train(plan: Plan) -> Outcome:
    """Train the replicates of `plan` one after the other."""
    clock = time.perf_counter()
    trained: list[tuple[Any, dict[str, list[float]]]] = []
    interrupted = False
    for replicate in range(plan.count):
        try:
            trained.append(_one(plan, replicate))
        except KeyboardInterrupt:
            interrupted = True
            break
    if not trained:
        raise KeyboardInterrupt
    names = list(trained[0][1])
    history = {name: np.full((len(trained), plan.epochs), np.nan) for name in names}
    for row, (_, values) in enumerate(trained):
        for name in names:
            history[name][row, : len(values[name])] = values[name]
    models = [model for model, _ in trained]
    return Outcome(
        models[0],
        _stack([model.trainable_variables for model in models]),
        _stack([model.non_trainable_variables for model in models]),
        history,
        np.array([len(values[names[0]]) for _, values in trained]),
        interrupted,
        {"training": time.perf_counter() - clock},
    )


def _one(plan: Plan, replicate: int) -> tuple[Any, dict[str, list[float]]]:
    model = build_seeded(plan.build, plan.seeds[replicate], plan.settings[replicate])
    x, y, weight = plan.train.of(replicate)
    held_out = None
    if plan.validation is not None:
        held_out = plan.validation.of(replicate)[: 2 if plan.validation.sample_weight is None else 3]
    options = {
        "batch_size": plan.batch_size,
        "validation_data": held_out,
        "validation_batch_size": plan.validation_batch_size,
        "callbacks": copy.deepcopy(plan.callbacks),
        "verbose": 0,
    }
    if plan.shuffle != "epoch":
        history = model.fit(x, y, sample_weight=weight, epochs=plan.epochs, shuffle=plan.shuffle == "fit", **options)
        return model, history.history
    del options["batch_size"]
    samples = len(plan.train.rows[replicate])
    steps = -(-samples // plan.batch_size)
    batches = _batches((x, y) if weight is None else (x, y, weight), plan, plan.seeds[replicate], samples)
    history = model.fit(batches, shuffle=False, steps_per_epoch=steps, epochs=plan.epochs, **options)
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


def _stack(variables: list[Any]) -> list[Array]:
    return [np.stack([np.asarray(variable) for variable in column]) for column in zip(*variables, strict=True)]
