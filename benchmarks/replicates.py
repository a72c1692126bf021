"""How much faster many replicates are at once than one by one: ``python benchmarks/replicates.py [--quick]``.

The plain side is what a reader would write: for each seed, ``set_random_seed``, build, ``fit``. It is measured on a few
seeds in this very run and multiplied, as each seed costs the same; the first fit of a process, which is slower, is left
out. Our side is one call of ``replicate``, from start weights to results, tracing included. The least of several
measurements counts, on both sides.
"""

from __future__ import annotations

import course_pkg  # noqa: F401  (first: it sets the environment that TensorFlow reads when it loads)

# isort: split
import argparse
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from course_pkg.presets import usable_cores
from course_pkg.replicates import replicate

SEEDS = 30
console = Console(width=110)


class Workload(NamedTuple):
    name: str
    build: Callable[[], Any]
    data: Callable[[], tuple[Any, Any]]
    epochs: int
    batch_size: int
    flops: float
    """Floating-point operations of one replicate in the matrix products."""
    target: int


def classification() -> tuple[Any, Any]:
    from sklearn.datasets import make_classification

    x, y = make_classification(208, 60, n_informative=12, n_redundant=20, flip_y=0.05, class_sep=0.8, random_state=0)
    return ((x - x.mean(0)) / x.std(0)).astype("float32"), y.astype("float32")[:, None]


def line() -> tuple[Any, Any]:
    x = np.arange(-4.0, 5.0, dtype="float32")[:, None]
    return x, 2 * x - 1


def digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return (x / 16).astype("float32"), y.astype("int32")


def binary(dropout: float = 0.0, visible: float = 0.0, max_norm: float = 0.0, fast: bool = False) -> Any:
    """The sonar network; `fast` takes the learning rate and momentum that the dropout set-ups use."""
    import keras

    layers = [keras.Input((60,))] + ([keras.layers.Dropout(visible)] if visible else [])
    for units in (60, 30):
        constraint = keras.constraints.MaxNorm(max_norm) if max_norm else None
        layers.append(keras.layers.Dense(units, "relu", kernel_constraint=constraint))
        layers += [keras.layers.Dropout(dropout)] if dropout else []
    model = keras.Sequential([*layers, keras.layers.Dense(1, "sigmoid")])
    optimizer = keras.optimizers.SGD(0.1 if fast else 0.01, momentum=0.9 if fast else 0.8)
    model.compile(optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model


def sequence() -> Any:
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(10, "relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), loss="mse")
    return model


def many_classes() -> Any:
    import keras

    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((64,)), dense(300, "relu"), dense(100, "relu"), dense(10, "softmax")])
    model.compile(keras.optimizers.SGD(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def products(sizes: list[int], samples: int, epochs: int) -> float:
    """Forward, gradients of weights, gradients of inputs (not of the first layer's): 2 operations a product."""
    pairs = [a * b for a, b in itertools.pairwise(sizes)]
    return 2.0 * (3 * sum(pairs) - pairs[0]) * samples * epochs


WORKLOADS = [
    Workload("60-30-1, 208 rows", binary, classification, 100, 16, products([60, 60, 30, 1], 208, 100), 100),
    Workload("  with dropout", lambda: binary(0.2), classification, 100, 16, products([60, 60, 30, 1], 208, 100), 45),
    Workload("1-10-1, 9 rows", sequence, line, 100, 9, products([1, 10, 1], 9, 100), 200),
    Workload("64-300-100-10, digits", many_classes, digits, 10, 32, products([64, 300, 100, 10], 1797, 10), 18),
]


def seconds(function: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def ours(work: Workload, seeds: int) -> float:
    x, y = work.data()
    return seconds(
        lambda: replicate(work.build, x, y, seeds=seeds, epochs=work.epochs, batch_size=work.batch_size, verbose=False)
    )


def plain(work: Workload, seed: int) -> float:
    import keras

    x, y = work.data()

    def run() -> None:
        keras.utils.set_random_seed(seed)
        work.build().fit(x, y, epochs=work.epochs, batch_size=work.batch_size, verbose=0)

    return seconds(run)


def sgemm_peak(threads: int) -> float:
    """GFLOP/s of 1,024 x 1,024 products in TensorFlow, one graph a thread as in the engine."""
    import tensorflow as tf

    from course_pkg.replicates.compiled import Compiled

    size, count = 1024, 12
    matrix = np.random.default_rng(0).normal(size=(size, size)).astype("float32") / size

    def chain(a: Any) -> Any:
        return tf.while_loop(lambda i, b: i < count, lambda i, b: (i + 1, tf.linalg.matmul(a, b)), (0, a))[1]

    run = Compiled(chain, [tf.TensorSpec([size, size], tf.float32)])
    run(matrix)

    def all_threads() -> None:
        workers = [threading.Thread(target=run, args=(matrix,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return threads * count * 2 * size**3 / min(seconds(all_threads) for _ in range(3)) / 1e9


def ratios(repeats: int, plain_seeds: int) -> float:
    """Print the table of ratios; returns the plain seconds of one fit of the first workload."""
    cores = usable_cores()
    peak = sgemm_peak(cores)
    console.print(f"{cores} cores, sgemm peak {peak:.0f} GFLOP/s in {cores} threads, load {os.getloadavg()[0]:.1f}")
    console.print(f"Plain: least of {plain_seeds} fits, times {SEEDS}. Ours: least of {repeats} calls, {SEEDS} seeds.")
    columns = [
        "workload",
        "plain fit, s",
        f"plain x {SEEDS}, s",
        "ours, s",
        "ratio",
        "target",
        "",
        "GFLOP/s",
        "of peak",
    ]
    table = Table(*columns)
    ours(WORKLOADS[2], 1)
    plain(WORKLOADS[2], 0)
    first = 0.0
    for work in WORKLOADS:
        # One of each in turn, so that both sides meet the machine in the same state.
        measured = [(plain(work, i), ours(work, SEEDS)) for i in range(max(repeats, plain_seeds))]
        fit, call = (min(column) for column in zip(*measured, strict=True))
        first = first or fit
        ratio, speed = SEEDS * fit / call, SEEDS * work.flops / call / 1e9
        table.add_row(
            work.name, f"{fit:.2f}", f"{SEEDS * fit:.0f}", f"{call:.2f}", f"{ratio:.0f}", f">= {work.target}",
            "yes" if ratio >= work.target else "NO", f"{speed:.1f}", f"{speed / peak:.0%}",
        )  # fmt: skip
    console.print(table)
    return first


def growth(counts: list[int], fit: float) -> None:
    table = Table("replicates", "ours, s", "s per replicate", "ratio", "peak memory, MB", title=WORKLOADS[0].name)
    for count in counts:
        # A process each, as peak memory never falls; the time is that of the call, not of the process.
        command = [sys.executable, __file__, "--only", str(count)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        call, memory = float(output[0]), float(output[1])
        table.add_row(str(count), f"{call:.2f}", f"{call / count:.3f}", f"{count * fit / call:.0f}", f"{memory:.0f}")
    console.print(table)
    console.print("Targets: 1,000 replicates at a ratio of 350 or more, below 2,500 MB.")


def only(count: int) -> None:
    """Print seconds and peak memory (MB) of one call in this process; a small call goes first, for the imports."""
    ours(WORKLOADS[2], 1)
    call = ours(WORKLOADS[0], count)
    # Not getrusage: its peak is at least that of the process that started this one.
    with open("/proc/self/status", encoding="utf-8") as lines:
        peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(call, peak / 1024)


def folds(y: Any, repeats: int) -> Iterator[tuple[int, Any, Any]]:
    from sklearn.model_selection import StratifiedKFold

    for repeat in range(repeats):
        splitter = StratifiedKFold(10, shuffle=True, random_state=repeat)
        for train, test in splitter.split(np.zeros(len(y)), y.ravel()):
            yield repeat, train, test


def dropout_experiment(repeats: int, epochs: int) -> None:
    """The published experiment: three set-ups, 10 folds, many repeats."""
    x, y = classification()
    seeds, train, test = zip(*folds(y, repeats), strict=True)
    setups = {
        "baseline": lambda: binary(),
        "visible layer": lambda: binary(visible=0.2, max_norm=3, fast=True),
        "hidden layers": lambda: binary(dropout=0.2, max_norm=3, fast=True),
    }
    begin = time.perf_counter()
    for name, build in setups.items():
        runs = replicate(
            build, x, y, seeds=list(seeds), epochs=epochs, batch_size=16, train_indices=train, verbose=False
        )
        scores = [np.mean((p[t] > 0.5) == y[t]) for p, t in zip(runs.predict(x), test, strict=True)]
        took = time.perf_counter() - begin
        console.print(f"{name:14s} {len(runs)} networks, accuracy {np.mean(scores):.3f}, {took:.0f} s so far")
    total = time.perf_counter() - begin
    target = "target < 120 s" if (repeats, epochs) == (30, 300) else "a part of the experiment"
    console.print(f"Dropout experiment: {3 * len(seeds)} networks, {epochs} epochs: {total:.0f} s ({target})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one measurement each, few replicates, few folds")
    parser.add_argument("--parts", default="ratios,growth,dropout", help="which parts to run (default: all)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each call (default: 3)")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        only(options.only)
        return
    parts = options.parts.split(",")
    fit = 0.0
    if "ratios" in parts:
        fit = ratios(1 if options.quick else options.repeats, 1 if options.quick else 3)
    if "growth" in parts:
        fit = fit or min(plain(WORKLOADS[0], seed) for seed in range(3))
        growth([1, 10, 30] if options.quick else [1, 10, 30, 100, 300, 1000], fit)
    if "dropout" in parts:
        dropout_experiment(*((1, 30) if options.quick else (30, 300)))


if __name__ == "__main__":
    main()
