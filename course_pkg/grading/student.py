"""What runs in the student's kernel: it answers the examiner's questions about what the student defined.

This side is not trusted. Whatever a student changes here, the examiner receives data, which it checks as any guest's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from course_pkg.grading.kernels import ANSWER, ASK, CALL
from course_pkg.grading.models import is_model, model_from, model_to
from course_pkg.grading.values import ValueRefused, compose, decode, encode, parse

__all__ = ["Desk"]

_MUTABLE = (list, dict, set)
_TEXT = 2000  # characters of an error message that are handed over


class Desk:
    """Answers questions about a namespace, and keeps what it has lent to the examiner.

    Parameters
    ----------
    namespace : dict
        The student's global names.
    prompt : callable, optional
        ``prompt(text) -> text``: asks the grader; used to call functions that the examiner passed in.
    """

    def __init__(self, namespace: dict[str, Any], prompt: Callable[[str], str] | None = None) -> None:
        self._namespace = namespace
        self._prompt = prompt
        self._lent: list[Any] = []

    def answer(self, text: str) -> str:
        """Answer one question.

        Parameters
        ----------
        text : str
            JSON: ``{"do": "name" | "attribute" | "item" | "length" | "next" | "call" | "seed" | "nothing", …}``.

        Returns
        -------
        str
            JSON: ``{"value": …}``, of a call ``{"value": …, "changed": …}``, or ``{"error": …}``.
        """
        try:
            question = parse(text)
            return compose(getattr(self, f"_do_{question['do']}")(question))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a student's SystemExit is an answer too
            return compose({"error": _described(error)})

    def serve(self) -> None:
        """Answer questions until something else is read."""
        self._exchange(f"{ANSWER}0:")

    def lend(self, value: Any) -> dict[str, Any]:
        """Keep a value and return how the examiner may ask for it; a Keras model goes as data."""
        if isinstance(value, _Borrowed):
            return {"side": "examiner", "id": value.id}
        reference: dict[str, Any] = {"side": "student", "id": len(self._lent), "type": type(value).__name__}
        self._lent.append(value)
        if is_model(value):
            configuration, weights = model_to(value)
            reference["model"] = [configuration, encode(weights, self)]
        return {**reference, "callable": callable(value)}

    def resolve(self, reference: dict[str, Any]) -> Any:
        """Return what was lent, a function of the examiner's, or a copy of its model."""
        if reference["side"] == "student":
            return self._lent[reference["id"]]
        if "model" in reference:
            configuration, weights = reference["model"]
            return model_from(configuration, decode(weights, self))
        return _Borrowed(reference["id"], self)

    def call_examiner(self, number: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function that the examiner passed in, by its number."""
        call = {"id": number, "arguments": encode(arguments, self), "keywords": encode(keywords, self)}
        reply = parse(self._exchange(CALL + compose(call)))
        if "error" in reply:
            raise RuntimeError(reply["error"]["message"])
        return decode(reply["value"], self)

    def _exchange(self, text: str) -> str:
        """Say something, and return what is said to it; questions that come first are answered."""
        if self._prompt is None:
            raise ValueRefused("there is no way back to the examiner here")
        said = self._prompt(text)
        while said.startswith(ASK):
            number, _, question = said.removeprefix(ASK).partition(":")
            said = self._prompt(f"{ANSWER}{number}:{self.answer(question)}")
        return said

    def _do_nothing(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"value": None}

    def _do_name(self, question: dict[str, Any]) -> dict[str, Any]:
        name = question["name"]
        if name not in self._namespace:
            raise NameError(f"name {name!r} is not defined")
        return {"value": encode(self._namespace[name], self)}

    def _do_attribute(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"value": encode(getattr(self._lent[question["id"]], question["name"]), self)}

    def _do_item(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"value": encode(self._lent[question["id"]][decode(question["key"], self)], self)}

    def _do_length(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"value": len(self._lent[question["id"]])}

    def _do_iterate(self, question: dict[str, Any]) -> dict[str, Any]:
        self._lent.append(iter(self._lent[question["id"]]))
        return {"value": len(self._lent) - 1}

    def _do_next(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"value": [encode(next(self._lent[question["id"]]), self)]}
        except StopIteration:
            return {"value": []}

    def _do_call(self, question: dict[str, Any]) -> dict[str, Any]:
        arguments = decode(question["arguments"], self)
        keywords = decode(question["keywords"], self)
        watched = {**dict(enumerate(arguments)), **keywords}
        before = {key: _state(value, self) for key, value in watched.items() if _is_mutable(value)}
        value = encode(self._lent[question["id"]](*arguments, **keywords), self)
        after = {key: _state(watched[key], self) for key in before}
        changed = [[key, after[key]] for key in before if json.dumps(after[key]) != json.dumps(before[key])]
        return {"value": value, "changed": changed}

    def _do_seed(self, question: dict[str, Any]) -> dict[str, Any]:
        import keras

        keras.utils.set_random_seed(question["seed"])
        return {"value": None}


class _Borrowed:
    """A function of the examiner's, as the student's code sees it."""

    def __init__(self, number: int, desk: Desk) -> None:
        self.id = number
        self._desk = desk

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._desk.call_examiner(self.id, arguments, keywords)


def _is_mutable(value: Any) -> bool:
    import numpy as np

    return isinstance(value, (*_MUTABLE, np.ndarray, np.random.Generator)) or is_model(value)


def _state(value: Any, desk: Desk) -> Any:
    """Return what a call may have changed of an argument."""
    return encode(value.get_weights(), desk) if is_model(value) else encode(value, desk)


def _described(error: BaseException) -> dict[str, Any]:
    try:
        message = str(error)[:_TEXT]
    except BaseException:  # a message may be code of the student's too
        message = ""
    bases = [base.__name__ for base in type(error).__mro__ if base.__module__ == "builtins"]
    return {"type": type(error).__name__, "bases": bases, "message": message}
