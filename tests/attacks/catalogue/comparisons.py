"""Answers that compare as right: objects that equal everything, numbers with a will of their own, NaN, empty arrays."""

from attacks.attack import Attack

_ALL = """
def mean(x):
    return answer()
def scale(x):
    return answer()
def count(text):
    return answer()
"""


def _everywhere(name: str, what: str, code: str) -> Attack:
    """Give the same answer to all tasks."""
    return Attack(name, what, answers={"mean": code + _ALL, "scale": "pass", "count": "pass"})


ATTACKS = [
    Attack(
        "ends_the_loop",
        "The answer raises what ends a loop, so that a test which goes through some cases goes through none.",
        answers={
            "mean": "def mean(x):\n    raise StopIteration",
            "scale": "def scale(x):\n    raise StopIteration",
            "count": "def count(text):\n    raise type('Stop', (StopAsyncIteration, StopIteration), {})",
        },
    ),
    _everywhere(
        "equals_everything",
        "Every comparison, conversion and calculation with the answer comes out as the test wants it.",
        """
class Yes:
    shape = (3,)
    def yes(self, *args, **kwargs): return True
    def same(self, *args, **kwargs): return self
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = yes
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __truediv__ = __abs__ = __neg__ = same
    __array_ufunc__ = __array_function__ = yes
    def __float__(self): return 0.0
    def __len__(self): return 3
    def __hash__(self): return 0
def answer():
    return Yes()
""",
    ),
    _everywhere(
        "mock_any",
        "The answer is the standard library's own object that equals everything.",
        "from unittest import mock\ndef answer():\n    return mock.ANY\n",
    ),
    _everywhere(
        "array_subclass",
        "An array whose comparisons are all true, by a subclass of ndarray.",
        """
class Close(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return np.array(True)
    def __array_function__(self, function, types, args, kwargs): return True
    def __eq__(self, other): return True
    def all(self, *args, **kwargs): return True
    def __abs__(self): return 0.0
def answer():
    return np.zeros(3).view(Close)
""",
    ),
    _everywhere(
        "number_subclasses",
        "Subclasses of int, float, str, dict and NumPy's numbers that equal everything.",
        """
import numbers
def loyal(kind):
    class Loyal(kind):
        def __eq__(self, other): return True
        def __sub__(self, other): return Loyal(0)
        def __abs__(self): return Loyal(0)
        def __lt__(self, other): return True
        __hash__ = None
    return Loyal
turn = [loyal(float)(0), loyal(int)(0), loyal(np.float64)(0), loyal(str)(""), loyal(dict)()]
def answer():
    turn.append(turn.pop(0))
    return turn[-1]
""",
    ),
    _everywhere(
        "masked",
        "A masked array: all comparisons with it are masked, and nothing masked is false.",
        "def answer():\n    return np.ma.masked_all(3)\n",
    ),
    _everywhere(
        "not_a_number",
        "NaN, NaN in arrays, NaT and infinities.",
        """
turn = [float("nan"), np.full(3, np.nan), np.datetime64("NaT"), float("inf"), np.float16(1e9)]
def answer():
    turn.append(turn.pop(0))
    return turn[-1]
""",
    ),
    _everywhere(
        "liar_attributes",
        "An object that has the right shape, length and items for who asks once, and others for who asks again.",
        """
class Liar:
    def __init__(self): self.asked = 0
    @property
    def shape(self):
        self.asked += 1
        return (3,) if self.asked % 2 else (2,)
    def __iter__(self): return iter([1 / 8, 1 / 4, 1])
    def __len__(self): return 3
    def __getitem__(self, key): return 2
    def items(self): return {"x": 1}.items()
def answer():
    return Liar()
""",
    ),
]
