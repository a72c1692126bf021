"""What the vectorised engine says when it cannot train a model."""

from __future__ import annotations

__all__ = ["NotVectorizableError"]


class NotVectorizableError(ValueError):
    """A model, an optimizer or a callback that cannot be trained for all replicates at once.

    Parameters
    ----------
    what : str
        The part that is in the way, by name.
    why : str
        The reason, half a sentence.

    Examples
    --------
    >>> print(NotVectorizableError("callback LambdaCallback", "it runs Python code"))
    callback LambdaCallback cannot be vectorised: it runs Python code. Use engine="loop", the plain Keras loop.
    """

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f'{what} cannot be vectorised: {why}. Use engine="loop", the plain Keras loop.')
        self.what = what
        self.why = why

    def __reduce__(self) -> tuple[type[NotVectorizableError], tuple[str, str]]:
        return type(self), (self.what, self.why)
