"""What a test cell holds in its hands instead of a student's objects.

Numbers, strings, containers, arrays, frames and Keras models arrive as plain ones. Anything else is a `StudentObject`:
its attributes, items and calls are asked for one by one and come back as data in turn. It refuses to be compared,
tested for truth or turned into a number, for its answer would be the student's verdict on himself.
"""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from course_pkg.checks import hide_frames
from course_pkg.grading.models import is_model, model_from, model_to
from course_pkg.grading.values import ValueRefused, compose, decode, encode, parse

__all__ = ["Examination", "OpaqueValue", "StudentError", "StudentFunction", "StudentObject"]

_LONGEST = 1_000_000  # items that an iteration may give


class StudentError(Exception):
    """The student's code raised something that is not one of Python's own exceptions."""


class OpaqueValue(TypeError):
    """A test looks at a student's object in a way that only data allow."""


class Examination:
    """The examiner's end of the wire.

    Parameters
    ----------
    ask : callable
        ``ask(question) -> answer``, both JSON texts. While it waits, it may call `answer_callback`.
    """

    def __init__(self, ask: Callable[[str], str]) -> None:
        self._ask = ask
        self._lent: list[Callable[..., Any]] = []

    def name(self, name: str) -> Any:
        """Return what a student's name stands for.

        Raises
        ------
        NameError
            If the student's notebook does not define it.
        """
        return decode(self.question(do="name", name=name), self)

    def seed(self, seed: int) -> None:
        """Seed the generators of the student's process, as the test has just seeded its own."""
        self.question(do="seed", seed=int(seed))

    def question(self, **question: Any) -> Any:
        """Ask, and return the answer's value, not yet decoded.

        Raises
        ------
        Exception
            What the student's code raised: one of Python's own exceptions by its name, else `StudentError`.
        ValueRefused
            If the answer is not one.
        """
        return self.exchange(question)["value"]

    def exchange(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask, and return the whole answer."""
        answer = parse(self._ask(compose(question)))
        if isinstance(answer, dict) and "error" in answer:
            raise hide_frames(_rebuilt(answer["error"]), __file__)
        if not isinstance(answer, dict) or "value" not in answer:
            raise ValueRefused("an answer without a value")
        return answer

    def answer_callback(self, text: str) -> str:
        """Run a function that a test passed to the student's code, for the student's code calls it."""
        try:
            call = parse(text)
            function = self._lent[int(call["id"])]
            value = function(*decode(call["arguments"], self), **decode(call["keywords"], self))
            return compose({"value": encode(value, self)})
        except Exception as error:  # what went wrong on this side is not for the student to read
            return compose({"error": {"message": f"{type(error).__name__} in a function that the test passed in"}})

    def lend(self, value: Any) -> dict[str, Any]:
        """Lend a function; give a model as data; hand a student's object back."""
        if isinstance(value, StudentObject):
            return {"side": "student", "id": _id_of(value)}
        if is_model(value):
            configuration, weights = model_to(value)
            return {"side": "examiner", "model": [configuration, encode(weights, self)]}
        if not callable(value):
            raise ValueRefused(f"a {type(value).__name__} cannot be passed to a student's function; pass data")
        self._lent.append(value)
        return {"side": "examiner", "id": len(self._lent) - 1}

    def resolve(self, reference: dict[str, Any]) -> Any:
        """Return what a reference of the student's stands for: a model rebuilt, our own function, or a proxy."""
        if reference.get("side") == "examiner":
            return self._lent[int(reference["id"])]
        if "model" in reference:
            configuration, weights = reference["model"]
            return model_from(configuration, decode(weights, self))
        kind = StudentFunction if reference.get("callable") is True else StudentObject
        return kind(self, int(reference["id"]), str(reference.get("type"))[:60])


def _refuse(self: StudentObject, *_: Any) -> NoReturn:
    raise OpaqueValue(
        f"a {_type_of(self)} came back, which a test cannot look into; "
        "return numbers, strings, lists, tuples, dicts, arrays, data frames or Keras models"
    )


class StudentObject:
    """An object that stays in the student's process.

    Parameters
    ----------
    examination : Examination
    number : int
        Under which the student's side keeps it.
    type_name : str
        What it says it is; for messages only.
    """

    __slots__ = ("_examination", "_id", "_type")

    def __init__(self, examination: Examination, number: int, type_name: str) -> None:
        object.__setattr__(self, "_examination", examination)
        object.__setattr__(self, "_id", number)
        object.__setattr__(self, "_type", type_name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _decoded(self, do="attribute", name=name)

    def __getitem__(self, key: Any) -> Any:
        return _decoded(self, do="item", key=encode(key, _examination_of(self)))

    def __len__(self) -> int:
        length = _decoded(self, do="length")
        if type(length) is not int or length < 0:
            raise ValueRefused("a length that is not a number")
        return length

    def __iter__(self) -> Iterator[Any]:
        examination = _examination_of(self)
        number = examination.question(do="iterate", id=_id_of(self))
        for _ in range(_LONGEST):
            item = examination.question(do="next", id=number)
            if not item:
                return
            yield decode(item[0], examination)
        raise ValueRefused(f"an iteration of more than {_LONGEST:,} items")

    def __repr__(self) -> str:
        return f"<a student's {_type_of(self)}>"

    __hash__ = None  # type: ignore[assignment]
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __int__ = __float__ = __complex__ = __index__ = __array__ = __array_ufunc__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __abs__ = __neg__ = __pos__ = __round__ = __contains__ = __setattr__ = __setitem__ = __format__ = _refuse


class StudentFunction(StudentObject):
    """A callable that stays in the student's process: arguments go there as data, the result comes back as data.

    What the call changes in a list, dict, set, array, generator or model that it was given, changes here too.
    """

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it over there."""
        examination = _examination_of(self)
        question = {
            "do": "call",
            "id": _id_of(self),
            "arguments": encode(arguments, examination),
            "keywords": encode(keywords, examination),
        }
        answer = examination.exchange(question)
        given: dict[Any, Any] = {**dict(enumerate(arguments)), **keywords}
        for key, state in answer.get("changed", []):
            if key in given:
                _update(given[key], decode(state, examination))
        return decode(answer["value"], examination)


def _examination_of(value: StudentObject) -> Examination:
    found: Examination = object.__getattribute__(value, "_examination")
    return found


def _id_of(value: StudentObject) -> int:
    found: int = object.__getattribute__(value, "_id")
    return found


def _type_of(value: StudentObject) -> str:
    found: str = object.__getattribute__(value, "_type")
    return found


def _decoded(value: StudentObject, **question: Any) -> Any:
    examination = _examination_of(value)
    return decode(examination.question(id=_id_of(value), **question), examination)


def _update(mine: Any, theirs: Any) -> None:
    """Do to the examiner's argument what the student's call did to its copy, where that is of the same kind."""
    import numpy as np

    if is_model(mine) and isinstance(theirs, list):
        mine.set_weights(theirs)
    elif type(mine) is not type(theirs):
        raise ValueRefused("an argument that changed its type")
    elif isinstance(mine, np.ndarray):
        mine[...] = theirs
    elif isinstance(mine, list):
        mine[:] = theirs
    elif isinstance(mine, np.random.Generator):
        mine.bit_generator.state = theirs.bit_generator.state
    elif isinstance(mine, (dict, set)):
        mine.clear()
        mine.update(theirs)


def _rebuilt(error: Any) -> Exception:
    """Return an exception of Python's own that says what the student's said."""
    if not isinstance(error, dict) or not isinstance(error.get("bases"), list):
        return ValueRefused("an error that is not described")
    message = str(error.get("message"))[:2000]
    for name in error["bases"]:
        found = getattr(builtins, name, None) if isinstance(name, str) else None
        if found in (StopIteration, StopAsyncIteration):
            return RuntimeError(f"{name}: {message}")  # else it would end a loop of the test's, which then passed
        if isinstance(found, type) and issubclass(found, Exception) and found is not Exception:
            with contextlib.suppress(TypeError):  # some want more than a message
                return found(message)
    return StudentError(f"{error.get('type')}: {message}")
