"""The environment settings that decide whether a number repeats on another computer.

TensorFlow, NumPy, SciPy and OpenBLAS choose their kernels when they load: by the instruction
sets of the CPU, by the number of cores, by environment variables. Two computers then round
differently, and training amplifies the difference. The *portable* preset takes the choice away:
one thread, instructions up to AVX2, no oneDNN rewrites. It costs little on small networks.

One thing it cannot take away. TensorFlow computes 1/x and 1/sqrt(x) from the processor's own approximations
(``rcpps``, ``rsqrtps``), and makers tabulate these differently. So the last bits of ``tf.math.reciprocal``,
``tf.math.rsqrt``, and of softmax and batch normalization, which use them, may differ between processors of different
makers; log-softmax and the cross-entropy losses do not. ``benchmarks/portability.py`` shows it op by op.

This module imports nothing but the standard library, so that it can run before everything else.
Explained in :doc:`chapters/randomness`.
"""

from __future__ import annotations

import logging
import os
import platform
import sys

__all__ = ["ENV_VAR", "PRESETS", "apply", "apply_default", "chosen", "has_avx2", "missing", "settings", "usable_cores"]

ENV_VAR = "COURSE_PRESET"
"""Environment variable that names the preset to use: ``portable`` (default) or ``native``."""

# TensorFlow prints to stderr when it loads unless both are set.
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

_ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}

# Matrix products go through oneDNN even with TF_ENABLE_ONEDNN_OPTS=0, hence the cap on its instructions.
_AVX2_ONLY = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}

# XLA compiles for the CPU that it finds; both its switches stay off.
_NO_XLA = {"TF_XLA_FLAGS": "--tf_xla_auto_jit=0"}


def _is_x86() -> bool:
    return platform.machine().lower() in {"x86_64", "amd64"}


PRESETS: dict[str, dict[str, str]] = {
    "portable": {**_QUIET, **_ONE_THREAD, **_NO_XLA, **(_AVX2_ONLY if _is_x86() else {})},
    "native": dict(_QUIET),
}
"""Preset name -> environment variables. ``native`` only keeps TensorFlow quiet."""

_late: list[str] = []
_chosen: list[str] = []


def settings(name: str = "portable") -> dict[str, str]:
    """Return a copy of the environment variables of a preset.

    Parameters
    ----------
    name : {"portable", "native"}, default "portable"

    Returns
    -------
    dict of str to str
        Variable to value.

    Raises
    ------
    ValueError
        If there is no preset of that name.

    Examples
    --------
    >>> settings("native")["TF_CPP_MIN_LOG_LEVEL"]
    '3'
    """
    if name not in PRESETS:
        raise ValueError(f"There is no preset {name!r}. Choose one of: {', '.join(sorted(PRESETS))}.")
    return dict(PRESETS[name])


def apply(name: str = "portable") -> list[str]:
    """Set a preset's environment variables in this process and its future children.

    Parameters
    ----------
    name : {"portable", "native"}, default "portable"

    Returns
    -------
    list of str
        The libraries that had been imported before, and so keep the settings that they
        loaded with. Empty when the preset is fully in force.

    Raises
    ------
    ValueError
        If there is no preset of that name.

    Examples
    --------
    What was applied before stays in force where nothing has changed:

    >>> apply(chosen())
    []
    """
    wanted = settings(name)
    changed = {key for key, value in wanted.items() if os.environ.get(key) != value}
    os.environ.update(wanted)
    logging.getLogger("tensorflow").addFilter(_is_error)
    _late[:] = [library for library, keys in _read_by().items() if library in sys.modules and changed & keys]
    _chosen[:] = [name]
    return list(_late)


def apply_default() -> None:
    """Apply the preset that ``COURSE_PRESET`` names, ``portable`` if it names none.

    Importing ``course_pkg`` does this.

    Raises
    ------
    ValueError
        If there is no preset of that name.

    Examples
    --------
    >>> apply_default()
    >>> chosen() == (os.environ.get("COURSE_PRESET") or "portable")
    True
    """
    apply(os.environ.get(ENV_VAR) or "portable")


def chosen() -> str:
    """Return the name of the preset applied last.

    Returns
    -------
    str

    Examples
    --------
    >>> chosen() in PRESETS
    True
    """
    return _chosen[0]


def missing() -> list[str]:
    """Say why the chosen preset is not in force.

    Returns
    -------
    list of str
        One reason each; empty when it is in force.

    Examples
    --------
    >>> before = os.environ["TF_CPP_MIN_LOG_LEVEL"]
    >>> os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
    >>> missing()
    ["TF_CPP_MIN_LOG_LEVEL was changed from '3' to '0'"]
    >>> os.environ["TF_CPP_MIN_LOG_LEVEL"] = before
    """
    reasons = [f"{library} was imported before course_pkg" for library in _late]
    for key, value in settings(chosen()).items():
        if os.environ.get(key) != value:
            reasons.append(f"{key} was changed from {value!r} to {os.environ.get(key)!r}")
    return reasons


def has_avx2() -> bool:
    """Tell whether this CPU can run the instructions that the portable preset is capped at.

    Returns
    -------
    bool
        False on processors other than x86.

    Examples
    --------
    >>> isinstance(has_avx2(), bool)
    True
    """
    if not _is_x86():
        return False
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            return any(line.startswith("flags") and " avx2 " in f"{line.strip()} " for line in lines)
    except OSError:  # macOS: every Intel Mac that its TensorFlow supports has it
        return sys.platform == "darwin"


def usable_cores() -> int:
    """Return how many CPUs this process may use, which can be fewer than the computer has.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> usable_cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_error(message: logging.LogRecord) -> bool:
    """Keep TensorFlow's Python side as quiet as its C++ side.

    Training several models in one program makes it warn of "retracing". In a notebook it would stand in the page,
    and an autograder takes any text on standard error for a failure.
    """
    return message.levelno >= logging.ERROR


def _read_by() -> dict[str, set[str]]:
    """Which library reads which variables when it loads."""
    tensorflow = {key for key in PRESETS["portable"] if key.startswith(("TF_", "ONEDNN_"))}
    return {"numpy": set(PRESETS["portable"]) - tensorflow, "tensorflow": tensorflow}
