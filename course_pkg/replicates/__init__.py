"""Train a Keras model from many seeds at once, and keep every replicate's history and weights.

Explained in :doc:`chapters/randomness`.
"""

from course_pkg.replicates.errors import NotVectorizableError
from course_pkg.replicates.results import Replicates
from course_pkg.replicates.training import replicate, sweep

__all__ = ["NotVectorizableError", "Replicates", "replicate", "sweep"]
