"""Predictions and evaluations of many trained replicates of one model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from course_pkg.replicates.graph import Numbers, Rows, StackedModel, compiled
from course_pkg.replicates.plan import leaves, nested

__all__ = ["evaluate_plain", "evaluate_stacked", "predict_plain", "predict_stacked"]

Array = np.ndarray[Any, Any]
Values = Sequence[Sequence[Array]]


def predict_stacked(model: Any, size: int, values: Values, x: Any, batch_size: int) -> list[Any]:
    """Return each replicate's output for `x`; of a model with several outputs, its list or dict of them.

    `values` holds the variables of each replicate, `size` is that of a chunk.
    """
    import tensorflow as tf

    stacked = StackedModel(model, size)
    batch = nested(lambda a: tf.TensorSpec([None, *a.shape[1:]], a.dtype), x)
    run: Any = None
    outputs: list[Any] = []
    samples = len(leaves(x)[0])
    for chunk, thetas, others in _chunks(stacked, values):
        run = run or compiled(stacked.prediction, thetas, others, batch)
        parts = [run(thetas, others, _part(x, start, batch_size)) for start in range(0, samples, batch_size)]
        joined = tf.nest.map_structure(lambda *part: np.concatenate(part, axis=1), *parts)
        outputs.extend(tf.nest.map_structure(lambda a, row=row: a[row], joined) for row in range(len(chunk)))
    return outputs


def evaluate_stacked(
    model: Any, size: int, values: Values, numbers: Sequence[Mapping[str, float]], rows: Rows, batch_size: int
) -> list[dict[str, float]]:
    """Return each replicate's loss and metrics; `numbers` holds those in which the replicates' layers differ."""
    stacked = StackedModel(model, size)
    order = np.arange(len(leaves(rows.x)[0]), dtype=np.int32)
    run: Any = None
    results: list[dict[str, float]] = []
    for chunk, thetas, others in _chunks(stacked, values):
        padded = [*chunk, *[chunk[-1]] * (size - len(chunk))]
        columns = {name: np.array([numbers[i][name] for i in padded]) for name in numbers[chunk[0]]}
        arguments = (thetas, others, Numbers(np.float32(0), np.float32(0), columns), rows, order)
        run = run or compiled(stacked.evaluation(batch_size), *arguments)
        for column in run(*arguments).T[: len(chunk)]:
            results.append(dict(zip(["loss", *stacked.metric_names], map(float, column), strict=True)))
    return results


def predict_plain(model: Any, values: Values, x: Any, batch_size: int) -> list[Any]:
    """As :func:`predict_stacked`, one replicate after the other."""
    outputs = []
    for row in values:
        _assign(model, row)
        outputs.append(model.predict(x, batch_size=batch_size, verbose=0))
    return outputs


def evaluate_plain(model: Any, values: Values, rows: Rows, batch_size: int) -> list[dict[str, float]]:
    """As :func:`evaluate_stacked`, one replicate after the other."""
    results = []
    weight = rows.weights[0] if rows.weights else None
    for row in values:
        _assign(model, row)
        found = model.evaluate(rows.x, rows.y, sample_weight=weight, batch_size=batch_size, verbose=0, return_dict=True)
        results.append({name: float(value) for name, value in found.items()})
    return results


def _chunks(stacked: StackedModel, values: Values) -> Iterator[tuple[list[int], list[Array], list[Array]]]:
    """Yield padded chunks: numbers of the replicates, their packed and their other variables."""
    size, count = stacked.replicates, len(stacked.model.trainable_variables)
    for start in range(0, len(values), size):
        chunk = list(range(start, min(start + size, len(values))))
        padded = chunk + [chunk[-1]] * (size - len(chunk))
        columns = [np.stack(column) for column in zip(*(values[i] for i in padded), strict=True)]
        yield chunk, stacked.packing.pack_arrays(columns[:count]), columns[count:]


def _part(x: Any, start: int, size: int) -> Any:
    return nested(lambda a: a[start : start + size], x)


def _assign(model: Any, values: Sequence[Array]) -> None:
    for variable, value in zip(model.trainable_variables + model.non_trainable_variables, values, strict=True):
        variable.assign(value)
