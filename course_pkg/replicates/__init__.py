"""Train a Keras model from many seeds at once, and keep every replicate's history and weights.

:func:`replicate` stacks the variables of R seeded builds of one model and trains them in one TensorFlow graph, in
fixed-size chunks, one chunk per core at a time. What each replicate computes is defined by its own seed alone:

- *Start*: the weights of ``keras.utils.set_random_seed(seed); build()``, to the last bit.
- *Batch order*: see `shuffle` of :func:`replicate`.
- *Dropout and other noise*: what the layer of that seeded build draws at its k-th call in training.
- *Updates*: those of ``model.fit``, in the same arithmetic up to rounding. With ``shuffle="fit"`` a 60–30–1 network
  on 208 rows even ends, after 100 epochs, with ``fit``'s weights to the last bit.

Two things differ from ``fit`` on TensorFlow, on purpose. The gradient of an ``Embedding`` is summed over the batch
before the optimizer squares it, as its formula says and as Keras does on its other backends; Keras's optimizers on
TensorFlow square each sample's part. And the losses of single outputs of a model with several outputs are averaged
over samples, not over batches.

Explained in :doc:`chapters/randomness`.
"""

from course_pkg.replicates.errors import NotVectorizableError
from course_pkg.replicates.results import Replicates
from course_pkg.replicates.training import replicate, sweep

__all__ = ["NotVectorizableError", "Replicates", "replicate", "sweep"]
