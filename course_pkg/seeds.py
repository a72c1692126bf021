"""Make a run repeat: seeds, child seeds, fingerprints, and what a result depended on.

Explained in :doc:`chapters/randomness`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_pkg import presets

__all__ = ["MAX_SEED", "TooLateError", "child_seed", "child_seeds", "environment", "fingerprint", "set_seed"]

MAX_SEED = 2**32 - 1
"""The largest seed that NumPy's legacy generator takes."""

_LIBRARIES = ("keras", "matplotlib", "numpy", "pandas", "scikit-learn", "scipy", "statsmodels", "tensorflow")


class TooLateError(RuntimeError):
    """A setting must stand before NumPy or TensorFlow is imported, and one of them already was."""


def set_seed(seed: int) -> None:
    """Seed every generator that a Keras program uses, and ask TensorFlow for deterministic kernels.

    Seeds Python's :mod:`random`, NumPy's legacy generator, TensorFlow and Keras, then calls
    ``tf.config.experimental.enable_op_determinism()``. It does *not* reach generators that you made
    yourself with ``numpy.random.default_rng()``: give those a seed of their own (:func:`child_seed`).

    Parameters
    ----------
    seed : int
        From 0 to ``MAX_SEED`` (4294967295).

    Raises
    ------
    TypeError, ValueError
        If `seed` is no integer, or out of range.
    TooLateError
        If NumPy or TensorFlow was imported before ``course_pkg``, without the preset's settings in the
        environment: they were read at that import, and cannot be changed any more.

    Examples
    --------
    >>> import random
    >>> set_seed(1)
    >>> first = random.random()
    >>> set_seed(1)
    >>> random.random() == first
    True
    """
    seed = _checked(seed)
    problems = presets.missing()
    if problems:
        raise TooLateError(
            f"The {presets.chosen()} preset is not in force: {'; '.join(problems)}. "
            "Restart Python (in a notebook: restart the kernel) and import course_pkg first. "
            f"Set {presets.ENV_VAR}=native if the numbers need not repeat on other computers."
        )
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def child_seeds(seed: int, count: int) -> list[int]:
    """Derive independent seeds from one.

    Neighbouring seeds such as 1, 2, 3 are fine for one experiment, but two experiments must not share
    them. `numpy.random.SeedSequence` mixes `seed` into well separated ones.

    Parameters
    ----------
    seed : int
        The parent, from 0 to ``MAX_SEED``.
    count : int
        How many, at least 0.

    Returns
    -------
    list of int
        `count` different seeds, each below 2**32. A longer list begins with the shorter one.

    Raises
    ------
    ValueError
        If `count` is negative, or `seed` is out of range.

    Examples
    --------
    >>> child_seeds(1, 3)
    [1835504127, 1731038949, 1320224556]
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count}.")
    sequence = np.random.SeedSequence(_checked(seed))
    words = count
    while True:
        # dict.fromkeys: drop the rare repeat (about count**2 / 2**33), keep the order
        seeds = list(dict.fromkeys(sequence.generate_state(words).tolist()))
        if len(seeds) >= count:
            return seeds[:count]
        words += count - len(seeds)


def child_seed(seed: int, name: str) -> int:
    """Derive the seed of one named part of an experiment, such as ``"split"`` or ``"noise"``.

    Parameters
    ----------
    seed : int
        The parent, from 0 to ``MAX_SEED``.
    name : str
        Each name gives its own seed, independent of which others are asked for.

    Returns
    -------
    int
        From 0 to ``MAX_SEED``.

    Examples
    --------
    >>> child_seed(1, "split") == child_seed(1, "split") != child_seed(1, "noise")
    True
    """
    digest = hashlib.sha256(name.encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return int(np.random.SeedSequence(_checked(seed), spawn_key=key).generate_state(1)[0])


def fingerprint(obj: Any) -> str:
    """Return the SHA-256 of an object's numbers, to show that two results are equal to the last bit.

    Parameters
    ----------
    obj : Keras model, ndarray, DataFrame, Series, tensor, number, str, bytes, None, or a list, tuple or dict of these
        Of a model, its weights in order. Of an array, its dtype, shape and bytes. Lists and tuples keep
        their order; the order of a dict's keys does not count.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    TypeError
        If an object has no defined fingerprint (an object array, a file, a function).

    Examples
    --------
    >>> fingerprint(np.zeros(3)) == fingerprint(np.zeros(3))
    True
    >>> fingerprint(np.zeros(3)) == fingerprint(np.zeros(3, dtype="float32"))
    False
    """
    digest = hashlib.sha256()
    _feed(digest, obj)
    return digest.hexdigest()


def environment() -> dict[str, Any]:
    """Describe what a result depended on: versions, CPU, threads, determinism settings.

    Returns
    -------
    dict
        Keys ``python``, ``platform``, ``machine``, ``cpu``, ``cores`` (usable by this process), ``versions``
        (package to version), ``preset``, ``problems`` (why the preset is not in force; empty if it is),
        ``settings`` (environment variables), ``blas`` (each library's kernel family and thread count),
        ``hash_seed``, and ``portable`` (True if results must equal the published ones to the last bit).

    Notes
    -----
    TensorFlow is not imported for this.

    Examples
    --------
    >>> environment()["versions"]["numpy"] == np.__version__
    True
    """
    problems = presets.missing()
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu": _cpu_model(),
        "cores": presets.usable_cores(),
        "versions": _versions(),
        "preset": presets.chosen(),
        "problems": problems,
        "settings": {key: os.environ.get(key, "") for key in sorted(presets.settings("portable"))},
        "blas": _blas(),
        "hash_seed": os.environ.get("PYTHONHASHSEED", "random"),
        "portable": presets.chosen() == "portable" and not problems and presets.has_avx2() and sys.platform == "linux",
    }


def _checked(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be an integer, got {seed!r} of type {type(seed).__name__}.")
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed must lie between 0 and {MAX_SEED}, got {seed}.")
    return int(seed)


def _feed(digest: Any, obj: Any) -> None:
    """Hash a type tag, the length and the content, so that different structures never read alike."""
    if hasattr(obj, "get_weights") and hasattr(obj, "layers"):
        _feed_items(digest, b"model", obj.get_weights())
    elif hasattr(obj, "to_numpy") and hasattr(obj, "index"):  # a frame or a series
        columns = [obj[name] for name in obj.columns] if hasattr(obj, "columns") else [obj]
        _feed_items(digest, b"frame", [obj.index.to_numpy(), *[(str(c.name), c.to_numpy()) for c in columns]])
    elif isinstance(obj, Mapping):
        _feed_items(digest, b"dict", sorted(((str(key), value) for key, value in obj.items()), key=lambda kv: kv[0]))
    elif isinstance(obj, (str, bytes)):
        data = obj.encode() if isinstance(obj, str) else obj
        digest.update(b"%s:%d:" % (type(obj).__name__.encode(), len(data)) + data)
    elif obj is None:
        digest.update(b"none:")
    elif isinstance(obj, Sequence):
        _feed_items(digest, b"list", obj)
    elif isinstance(obj, (np.ndarray, np.generic, int, float, complex)) or hasattr(obj, "__array__"):
        _feed_array(digest, np.asarray(obj))
    else:
        raise TypeError(f"No fingerprint is defined for {type(obj).__name__}: pass its arrays or numbers.")


def _feed_items(digest: Any, tag: bytes, items: Sequence[Any]) -> None:
    digest.update(b"%s:%d:" % (tag, len(items)))
    for item in items:
        _feed(digest, item)


def _feed_array(digest: Any, array: np.ndarray) -> None:
    if array.dtype.kind in "OTU":
        if array.dtype.kind == "O" and not all(isinstance(x, (str, bytes, int, float, type(None))) for x in array.flat):
            raise TypeError("No fingerprint is defined for an array of objects: pass numbers or strings.")
        tag = f"objects{array.shape}".encode()
        _feed_items(digest, tag, [x.item() if hasattr(x, "item") else x for x in array.flat])
        return
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    digest.update(f"array:{little.dtype.str}:{array.shape}:".encode() + little.tobytes())


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    return {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str:
    for distribution in (name, f"{name}-cpu"):  # TensorFlow's build for the CPU has a name of its own
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "not installed"


def _blas() -> list[dict[str, Any]]:
    from threadpoolctl import threadpool_info

    wanted = ("internal_api", "architecture", "num_threads")
    return sorted(
        ({key: pool.get(key) for key in wanted} for pool in threadpool_info()),
        key=lambda pool: str(pool["internal_api"]),
    )
