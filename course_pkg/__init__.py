"""The lab: what the chapters, the problem sets and you import to train small networks honestly.

Import this package before NumPy and TensorFlow. It then sets the environment variables
that decide whether numbers repeat on another computer (see :mod:`course_pkg.presets`);
these are read once, when those libraries load.

The package itself loads neither of them. Import what you need by module::

    from course_pkg.seeds import set_seed
    from course_pkg.records import record
"""

from course_pkg import presets

__version__ = "0.1.0"
__all__ = ["presets"]

presets.apply_default()
