"""Does the portable preset give the same bits on an older CPU? Compare this machine with an emulated Haswell, op by op.

Run ``python benchmarks/portability.py``. Needs ``qemu-x86_64`` (Debian: ``apt-get install qemu-user``). Each probe runs
in both, under both presets; the table says whose bits agree. ``--cost`` instead measures what the preset costs in time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time

PROBES = """
import json, sys, time
import course_pkg
import numpy as np
from course_pkg.seeds import fingerprint, set_seed
rng = np.random.default_rng(1)
found = {}


def probe(name, function):
    found[name] = fingerprint(np.asarray(function()))[:12]


x = rng.normal(size=(257, 63)).astype("float32")
w = rng.normal(size=(63, 31)).astype("float32")
big, wide = rng.normal(size=(300, 400)), rng.normal(size=(400, 200))
probe("numpy exp float64", lambda: np.exp(big))
probe("numpy exp float32", lambda: np.exp(x))
probe("numpy log, sin, tanh float64", lambda: [np.log(abs(big)), np.sin(big), np.tanh(big)])
probe("numpy sum float32", lambda: x.sum())
probe("numpy matmul float32", lambda: x @ w)
probe("numpy matmul float64", lambda: big @ wide)
probe("numpy svd, lstsq", lambda: np.linalg.lstsq(big[:, :50], big[:, 50], rcond=None)[0])
if "linear" in sys.argv:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LinearRegression

    probe("scikit-learn least squares", lambda: LinearRegression().fit(big[:, :20], big[:, 20]).coef_)
    forest = RandomForestRegressor(5, random_state=1)
    probe("scikit-learn forest", lambda: forest.fit(big[:, :5], big[:, 20]).predict(big[:, :5]))
if "tensorflow" in sys.argv:
    import keras
    import tensorflow as tf

    set_seed(1)
    t = tf.constant(x)
    probe("tf matmul", lambda: tf.matmul(t, tf.constant(w)))
    probe("tf exp, tanh, log", lambda: [tf.exp(t), tf.tanh(t), tf.math.log(abs(t))])
    labels = tf.constant(np.arange(257) % 63)
    for rows, classes in ((16, 3), (16, 10), (64, 10), (257, 10), (257, 63)):
        logits = t[:rows, :classes]
        probe(f"tf softmax {rows} × {classes}", lambda: tf.nn.softmax(logits))
        probe(f"tf log_softmax {rows} × {classes}", lambda: tf.nn.log_softmax(logits))
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
        probe(f"tf cross-entropy {rows} × {classes}", lambda: cross_entropy(labels[:rows] % classes, logits))
    probe("tf sqrt, divide", lambda: [tf.sqrt(abs(t)), 1 / t])
    probe("tf reciprocal", lambda: tf.math.reciprocal(t))
    probe("tf rsqrt", lambda: tf.math.rsqrt(abs(t)))
    probe("tf sigmoid, sigmoid cross-entropy", lambda: [tf.sigmoid(t), tf.nn.sigmoid_cross_entropy_with_logits(t, t)])
    probe("tf reduce_sum by rows", lambda: tf.reduce_sum(t, axis=1))
    probe("tf reduce_sum by columns", lambda: tf.reduce_sum(t, axis=0))
    probe("tf batch norm", lambda: tf.nn.batch_normalization(t, *tf.nn.moments(t, 0), None, None, 1e-3))
    probe("tf reduce_sum, reduce_mean", lambda: [tf.reduce_sum(t), tf.reduce_mean(t)])
    probe("tf random normal", lambda: tf.random.stateless_normal([100], [1, 2]))
    image = tf.constant(rng.normal(size=(4, 12, 12, 3)).astype("float32"))
    kernel = tf.constant(rng.normal(size=(3, 3, 3, 8)).astype("float32"))
    probe("tf conv2d", lambda: tf.nn.conv2d(image, kernel, 1, "SAME"))
    sequence = tf.constant(rng.normal(size=(4, 6, 5)).astype("float32"))
    probe("keras LSTM", lambda: keras.layers.LSTM(7)(sequence))
    for name in ("glorot_uniform", "he_normal", "orthogonal"):
        probe(f"keras {name}", lambda: keras.initializers.get({"class_name": name, "config": {"seed": 1}})((20, 20)))
if "chapter" in sys.argv:
    from course_pkg import datasets, networks
    from course_pkg.replicates import replicate
    from course_pkg.seeds import child_seeds

    data = datasets.load("sequence")
    build = lambda: networks.mlp(1, 10, activation="linear", loss="mse")
    start = time.perf_counter()
    runs = replicate(build, data.X, data.y, seeds=child_seeds(1, 10), epochs=100, batch_size=9)
    probe("chapter Randomness, R1: ten trainings", lambda: runs.final("loss"))
    probe("chapter Randomness, R1: weights", lambda: np.concatenate([w.ravel() for w in runs.weights(runs.seeds[0])]))
json.dump(found, sys.stdout)
"""

COST = """
import course_pkg, sys, time
from course_pkg import datasets, networks
from course_pkg.replicates import replicate
data = datasets.load("make_classification", n_samples=208, n_features=60)
build = lambda: networks.mlp(60, (60, 30), output_activation="sigmoid", loss="binary_crossentropy", optimizer="sgd")
def once(): replicate(build, data.X, data.y, seeds=30, epochs=30, batch_size=16)
once()
start = time.perf_counter(); once(); print(time.perf_counter() - start)
"""


def run(code: str, *groups: str, preset: str, emulated: bool = False) -> str:
    """Run a program under a preset, natively or on the emulated CPU; return what it prints."""
    command = [sys.executable, "-c", code, *groups]
    if emulated:
        # the virtual environment's python finds its packages by the path that it was called with
        command = [
            "qemu-x86_64",
            "-cpu",
            "Haswell",
            "-0",
            sys.executable,
            os.path.realpath(sys.executable),
            *command[1:],
        ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "OPENBLAS", "NPY_"))}
    environment |= {"COURSE_PRESET": preset, "PYTHONPATH": os.pathsep.join(p for p in sys.path if "site-packages" in p)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the probe failed ({preset}, emulated={emulated}):\n{done.stderr[-2000:]}")
    return done.stdout


def compare(groups: list[str]) -> bool:
    """Print the table; return whether every probe agrees under the portable preset."""
    agree: dict[str, dict[str, bool]] = {}
    for preset in ("portable", "native"):
        start = time.perf_counter()
        here = json.loads(run(PROBES, *groups, preset=preset))
        there = json.loads(run(PROBES, *groups, preset=preset, emulated=True))
        agree[preset] = {name: here[name] == there[name] for name in here}
        print(f"({preset}: {time.perf_counter() - start:.0f} s)", file=sys.stderr)
    print(f"{'this CPU against an emulated Haswell':50} portable  native")
    for name in agree["portable"]:
        print(f"{name:50}", *(f"{'equal' if agree[p][name] else 'DIFFERS':9}" for p in agree))
    return all(agree["portable"].values())


def cost(repeats: int) -> None:
    """Print how much slower the preset is, on 30 replicates of 60-30-1."""
    seconds = {p: min(float(run(COST, preset=p)) for _ in range(repeats)) for p in ("portable", "native")}
    print(f"30 × 60–30–1, 30 epochs: portable {seconds['portable']:.2f} s, native {seconds['native']:.2f} s, ", end="")
    print(f"ratio {seconds['portable'] / seconds['native']:.2f} (minimum of {repeats})")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", default=["linear", "tensorflow", "chapter"])
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.cost:
        return cost(arguments.repeats)
    if not shutil.which("qemu-x86_64"):
        raise SystemExit("needs qemu-x86_64: apt-get install qemu-user")
    return sys.exit(0 if compare(arguments.groups) else 1)


if __name__ == "__main__":
    main()
