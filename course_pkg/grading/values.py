"""Carry values between the student's process and the examiner's, as data and nothing else.

Text on the wire is strict JSON. What JSON has not (tuples, arrays, infinities …) is an object with one key, a tag that
begins with ``$``. Arrays travel as npy without pickle. Nothing is ever evaluated, imported or unpickled, and everything
that is read is bounded: in bytes, in depth, in number of parts. An array whose header lies about its size is refused
before anything is allocated.

What has no such form (functions, models, objects) stays where it is, and a *reference* to it travels. Each side keeps
its own table of what it has lent, and says through `References` how it lends and resolves.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

__all__ = ["DEPTH", "PARTS", "SIZE", "References", "ValueRefused", "compose", "decode", "encode", "parse"]

SIZE = 64 << 20
"""The longest message that is read, in bytes."""

DEPTH = 32
"""How deep containers may be nested."""

PARTS = 4_000_000
"""How many parts all containers of one value may have together: some matrices of a thousand by a thousand, as lists."""

_EXACT = 2**53  # integers beyond it lose digits in other JSON readers
_DIGITS = 4000
_PARTS_OF_A_LARGE_INT = 400
_KINDS = "biufcSUmM"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class ValueRefused(ValueError):
    """A value that may not travel, or a message that is not one."""


class References(Protocol):
    """How one side lends what cannot travel, and finds what it has lent."""

    def lend(self, value: Any) -> dict[str, Any]:
        """Return a plain description by which the other side may ask for `value`.

        Raises
        ------
        ValueRefused
            If this side does not lend such a thing.
        """

    def resolve(self, reference: dict[str, Any]) -> Any:
        """Return what a reference stands for: the thing itself if it is ours, else a proxy."""


def compose(form: Any) -> str:
    """Write a message as strict, bounded JSON.

    Parameters
    ----------
    form : object
        What JSON can hold, such as `encode` gives.

    Returns
    -------
    str

    Raises
    ------
    ValueRefused
        If it is longer than a message may be.
    """
    text = json.dumps(form, allow_nan=False, separators=(",", ":"))
    if len(text) > SIZE:
        raise ValueRefused(f"a value of {len(text):,} bytes; at most {SIZE:,} may be handed over")
    return text


def parse(text: str) -> Any:
    """Read a message, trusting nothing in it.

    Raises
    ------
    ValueRefused
        If it is too long, too deep, or no strict JSON (NaN and Infinity are none).
    """
    if not isinstance(text, str) or len(text) > SIZE:
        raise ValueRefused("no text, or a text longer than a message may be")
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
        return _whole(found) if _has_surrogates(text) else found
    except (ValueError, RecursionError) as error:
        raise ValueRefused(f"not strict JSON: {type(error).__name__}") from None


def encode(value: Any, references: References) -> Any:
    """Return the JSON form of a value.

    Raises
    ------
    ValueRefused
        If it is too deep, has too many parts, or holds something that this side does not lend.
    """
    return _Encoder(references).encode(value, 0)


def decode(form: Any, references: References) -> Any:
    """Return the value of a JSON form.

    Raises
    ------
    ValueRefused
        If it is not such a form, or breaks a limit.
    """
    return _Decoder(references).decode(form, 0)


class _Bounded:
    def __init__(self, references: References) -> None:
        self._references = references
        self._parts = 0

    def _count(self, number: int, depth: int) -> None:
        self._parts += number
        if depth > DEPTH:
            raise ValueRefused(f"containers nested more than {DEPTH} deep")
        if self._parts > PARTS:
            raise ValueRefused(f"more than {PARTS:,} parts")


class _Encoder(_Bounded):
    def encode(self, value: Any, depth: int) -> Any:
        """Encode by exact type: a subclass of float or list is an object with behaviour of its own, and is lent."""
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if kind is int:
            return _encode_int(value)
        if kind is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if kind is complex:
            return {"$complex": [self.encode(value.real, depth), self.encode(value.imag, depth)]}
        if kind is bytes:
            return {"$bytes": _to_text(value)}
        if kind in _CONTAINERS:
            self._count(len(value), depth)
            return _CONTAINERS[kind](self, value, depth + 1)
        if isinstance(value, np.generic) and np.asarray(value).dtype.kind in _KINDS:
            return {"$scalar": _npy(np.asarray(value))}
        if kind is np.ndarray:
            return self._array(value, depth)
        return self._library_value(value, depth)

    def items(self, values: Any, depth: int) -> list[Any]:
        return [self.encode(value, depth) for value in values]

    def _array(self, value: np.ndarray, depth: int) -> Any:
        if value.dtype.kind in _KINDS:
            return {"$array": _npy(value)}
        if value.dtype.kind == "O" and value.ndim == 1:
            self._count(value.size, depth)
            return {"$objects": self.items(value.tolist(), depth + 1)}
        raise ValueRefused(f"an array of dtype {value.dtype}")

    def _library_value(self, value: Any, depth: int) -> Any:
        if type(value) is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
            return {"$generator": self.encode(value.bit_generator.state, depth + 1)}
        library = type(value).__module__.partition(".")[0]
        if library == "pandas":
            return self._pandas(value, depth)
        if library in ("tensorflow", "keras") and hasattr(value, "numpy") and hasattr(value, "dtype"):
            return {"$tensor": _npy(np.asarray(value.numpy()))}
        return {"$reference": self._references.lend(value)}

    def _pandas(self, value: Any, depth: int) -> Any:
        import pandas as pd

        if type(value) is pd.DataFrame:
            columns = [self._column(value.iloc[:, i], depth + 2) for i in range(value.shape[1])]
            return {"$frame": [self._index(value.columns, depth + 1), columns, self._index(value.index, depth + 1)]}
        if type(value) is pd.Series:
            name = self.encode(value.name, depth + 1)
            return {"$series": [name, self._column(value, depth + 1), self._index(value.index, depth + 1)]}
        if isinstance(value, pd.Index):
            return {"$index": self._index(value, depth + 1)}
        return {"$reference": self._references.lend(value)}

    def _column(self, series: Any, depth: int) -> Any:
        array = series.to_numpy()
        if array.dtype.kind == "O" and not isinstance(series.dtype, np.dtype):
            array = np.asarray(series.astype(object), dtype=object)
        return self._array(array, depth)

    def _index(self, index: Any, depth: int) -> Any:
        labels = list(index) if index.nlevels > 1 else index.to_numpy().tolist()
        self._count(len(labels), depth)
        return [self.items(list(index.names), depth + 1), self.items(labels, depth + 1)]


_CONTAINERS: dict[type, Callable[[_Encoder, Any, int], Any]] = {
    list: lambda encoder, value, depth: encoder.items(value, depth),
    tuple: lambda encoder, value, depth: {"$tuple": encoder.items(value, depth)},
    set: lambda encoder, value, depth: {"$set": encoder.items(value, depth)},
    frozenset: lambda encoder, value, depth: {"$set": encoder.items(value, depth)},
    range: lambda encoder, value, depth: encoder.items(value, depth),  # as good as the list of its numbers
    dict: lambda encoder, value, depth: {"$dict": [encoder.items(pair, depth) for pair in value.items()]},
}


class _Decoder(_Bounded):
    def decode(self, form: Any, depth: int) -> Any:
        if isinstance(form, list):
            return self.items(form, depth)
        if not isinstance(form, dict):
            if type(form) is int and abs(form) > _EXACT:  # not as `_Encoder` writes it
                raise ValueRefused("a large integer without its tag")
            return form
        if len(form) != 1:
            raise ValueRefused("an object that does not have exactly one tag")
        ((tag, content),) = form.items()
        read = _READERS.get(tag)
        if read is None:
            raise ValueRefused(f"an unknown tag {tag[:20]!r}")
        try:
            return read(self, content, depth + 1)
        except ValueRefused:
            raise
        except (TypeError, ValueError, KeyError, IndexError, OverflowError, AttributeError) as error:
            raise ValueRefused(f"a malformed {tag} ({type(error).__name__})") from None

    def items(self, forms: Any, depth: int) -> list[Any]:
        if not isinstance(forms, list):
            raise ValueRefused("a container that is not a list")
        self._count(len(forms), depth)
        return [self.decode(form, depth + 1) for form in forms]

    def mapping(self, forms: Any, depth: int) -> dict[Any, Any]:
        pairs = [self.items(pair, depth) for pair in _as_list(forms)]
        self._count(len(pairs), depth)
        return {key: value for key, value in pairs}  # noqa: C416  # a pair of three must fail

    def large_int(self, content: Any, depth: int) -> int:
        # each counts as many: such numbers can be chosen to have one hash, and a dict of them takes quadratic time
        self._count(_PARTS_OF_A_LARGE_INT, depth)
        return _decode_int(content)

    def reference(self, content: Any, depth: int) -> Any:
        if not isinstance(content, dict):
            raise ValueRefused("a reference that is not a mapping")
        return self._references.resolve(content)

    def index(self, content: Any, depth: int) -> Any:
        import pandas as pd

        names, labels = self.items(content, depth)
        if len(names) > 1:
            return pd.MultiIndex.from_tuples(labels, names=names)
        return pd.Index(labels, name=names[0])

    def series(self, content: Any, depth: int) -> Any:
        import pandas as pd

        name, column, index = _as_list(content)
        rows = self.index(index, depth)
        return pd.Series(self._column(column, len(rows), depth), index=rows, name=self.decode(name, depth))

    def frame(self, content: Any, depth: int) -> Any:
        import pandas as pd

        labels, columns, index = _as_list(content)
        rows = self.index(index, depth)
        parts = [pd.Series(self._column(column, len(rows), depth)) for column in self._columns(columns)]
        frame = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=range(len(rows)))
        frame.columns, frame.index = self.index(labels, depth), rows
        return frame

    def _columns(self, forms: Any) -> list[Any]:
        self._count(len(_as_list(forms)), 0)
        return list(forms)

    def _column(self, form: Any, length: int, depth: int) -> np.ndarray:
        """Read a column; a number in its place would be repeated by pandas for each row, and fill the memory."""
        column = self.decode(form, depth)
        if type(column) is not np.ndarray or column.shape != (length,):
            raise ValueRefused("a column that is not an array as long as its index")
        return column


def _objects(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _generator(state: Any) -> np.random.Generator:
    # only this one: others keep positions in buffers, and a hostile position reads memory beyond them
    bits = np.random.PCG64(0)
    bits.state = state
    return np.random.Generator(bits)


def _tensor(content: Any) -> Any:
    import tensorflow as tf

    return tf.constant(_read_npy(content))


_SPECIAL: dict[str, float] = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_READERS: dict[str, Callable[[_Decoder, Any, int], Any]] = {
    "$int": lambda decoder, content, depth: decoder.large_int(content, depth),
    "$float": lambda decoder, content, depth: _SPECIAL[content],
    "$complex": lambda decoder, content, depth: complex(*decoder.items(content, depth)),
    "$bytes": lambda decoder, content, depth: _from_text(content),
    "$tuple": lambda decoder, content, depth: tuple(decoder.items(content, depth)),
    "$set": lambda decoder, content, depth: set(decoder.items(content, depth)),
    "$dict": lambda decoder, content, depth: decoder.mapping(content, depth),
    "$scalar": lambda decoder, content, depth: _read_npy(content)[()],
    "$array": lambda decoder, content, depth: _read_npy(content),
    "$objects": lambda decoder, content, depth: _objects(decoder.items(content, depth)),
    "$generator": lambda decoder, content, depth: _generator(decoder.decode(content, depth)),
    "$tensor": lambda decoder, content, depth: _tensor(content),
    "$series": lambda decoder, content, depth: decoder.series(content, depth),
    "$frame": lambda decoder, content, depth: decoder.frame(content, depth),
    "$index": lambda decoder, content, depth: decoder.index(content, depth),
    "$reference": lambda decoder, content, depth: decoder.reference(content, depth),
}


def _encode_int(value: int) -> Any:
    if abs(value) <= _EXACT:
        return value
    if value.bit_length() > _DIGITS * 3:  # before the conversion, which takes quadratic time
        raise ValueRefused("an integer of thousands of digits")
    return {"$int": hex(value)}


def _decode_int(content: Any) -> int:
    if not isinstance(content, str) or len(content) > _DIGITS:
        raise ValueRefused("a malformed integer")
    return int(content, 16)


def _npy(array: np.ndarray) -> str:
    if array.dtype.kind not in _KINDS:
        raise ValueRefused(f"an array of dtype {array.dtype}")
    if array.nbytes > SIZE:
        raise ValueRefused(f"an array of {array.nbytes:,} bytes; at most {SIZE:,} may be handed over")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
    return _to_text(buffer.getvalue())


def _read_npy(content: Any) -> np.ndarray:
    """Read npy bytes whose header must agree with their length, so that a lie allocates nothing."""
    data = _from_text(content)
    buffer = io.BytesIO(data)
    if np.lib.format.read_magic(buffer) != (1, 0):
        raise ValueRefused("an array in an unusual npy version")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(buffer, max_header_size=4096)
    rest = data[buffer.tell() :]
    if dtype.kind not in _KINDS or dtype.hasobject or fortran:
        raise ValueRefused(f"an array of dtype {dtype}")
    if any(size < 0 for size in shape) or math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueRefused("an array whose header does not agree with its length")
    if math.prod(max(size, 1) for size in shape) * max(dtype.itemsize, 1) > SIZE:
        raise ValueRefused("an array that is empty, and so wide that its sum over the rows would fill the memory")
    return np.frombuffer(rest, dtype=dtype).reshape(shape).copy() if rest else np.empty(shape, dtype)


def _to_text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_text(content: Any) -> bytes:
    if not isinstance(content, str):
        raise ValueRefused("bytes that are not text")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise ValueRefused("bytes that are not base64") from None


def _as_list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise ValueRefused("a container that is not a list")
    return content


def _has_surrogates(text: str) -> bool:
    # the first two questions are answered at once, also for the megabytes of an array
    return (not text.isascii() or "\\u" in text) and bool(_SURROGATE.search(text))


def _whole(value: Any) -> Any:
    """Replace lone surrogates: Python's strings can hold them, but no message and no file can."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
