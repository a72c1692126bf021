"""Both ends of the wire, without kernels: what a test cell can do with what a student defined."""

import collections
import json

import numpy as np
import pytest

from course_pkg.grading import values
from course_pkg.grading.kernels import CALL
from course_pkg.grading.proxies import Examination, StudentError, StudentFunction
from course_pkg.grading.student import Desk
from course_pkg.grading.values import ValueRefused


def examine(code):
    namespace = {"__name__": "__main__"}
    exec(code, namespace)
    examination = Examination(lambda question: desk.answer(question))
    desk = Desk(namespace, lambda text: examination.answer_callback(text.removeprefix(CALL)))
    return examination


def test_values_arrive_as_plain_ones():
    examination = examine("import numpy as np\na = {'x': [1, (2.5, None)]}\nb = np.arange(3)")
    assert examination.name("a") == {"x": [1, (2.5, None)]}
    np.testing.assert_array_equal(examination.name("b"), [0, 1, 2])
    with pytest.raises(NameError, match="'c' is not defined"):
        examination.name("c")


def test_functions_are_called_over_there():
    mean = examine("def mean(x, *, scale=1):\n    return scale * sum(x) / len(x)").name("mean")
    assert type(mean) is StudentFunction
    assert callable(mean)
    assert mean([1, 2, 6]) == 3
    assert mean(np.array([1.0, 2.0]), scale=2) == 3


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("raise ValueError('n must be positive')", ValueError, "n must be positive"),
        ("raise NotImplementedError()", NotImplementedError, "^$"),
        ("class Mine(KeyError): pass\n  raise Mine('x')", KeyError, "x"),
        ("class Mine(Exception): pass\n  raise Mine('x')", StudentError, "Mine: x"),
        ("import sys; sys.exit(0)", StudentError, "SystemExit"),
        ("b'\\xff'.decode()", ValueError, "can't decode"),
        ("class E(Exception):\n    def __str__(self): raise self\n  raise E()", StudentError, "E: "),
    ],
)
def test_exceptions_come_back_as_pythons_own(code, error, message):
    function = examine(f"def f():\n  {code}").name("f")
    with pytest.raises(error, match=message):
        function()


def test_changes_of_arguments_come_back():
    shuffle = examine("def shuffle(x, rng):\n    rng.shuffle(x)\n    return rng.normal()").name("shuffle")
    mine, theirs = np.random.default_rng(5), np.random.default_rng(5)
    array, expected = np.arange(20), np.arange(20)
    theirs.shuffle(expected)
    assert shuffle(array, mine) == theirs.normal()
    np.testing.assert_array_equal(array, expected)
    assert mine.normal() == theirs.normal()


def test_lists_and_dicts_that_were_changed_in_place():
    change = examine("def change(x, d=None):\n    x.append(4)\n    d['k'] = x").name("change")
    values, table = [1], {}
    change(values, d=table)
    assert values == [1, 4]
    assert table == {"k": [1, 4]}


def test_callbacks_run_on_the_examiners_side():
    seen = []

    def square(x):
        seen.append(x)
        return x * x

    apply = examine("def apply(f, xs):\n    return [f(x) for x in xs]").name("apply")
    assert apply(square, [1, 2, 3]) == [1, 4, 9]
    assert seen == [1, 2, 3]


def test_an_error_in_a_callback_tells_the_student_nothing_of_the_test():
    def secret(x):
        raise ValueError("the answer is 42")

    tell = examine("def tell(f):\n    try:\n        f(1)\n    except Exception as e:\n        return str(e)").name(
        "tell"
    )
    assert "42" not in tell(secret)


def test_a_function_that_goes_there_and_back_is_the_same():
    same = examine("def same(f):\n    return f").name("same")
    assert same(len) is len


def test_objects_are_asked_for_their_parts():
    code = "class History:\n    history = {'loss': [2.0, 1.0]}\n    def best(self): return min(self.history['loss'])"
    history = examine(f"{code}\nh = History()").name("h")
    assert history.history["loss"][-1] == 1.0
    assert history.best() == 1.0
    assert repr(history) == "<a student's History>"


def test_named_tuples_unpack_and_generators_give_items():
    examination = examine(
        "from collections import namedtuple\nS = namedtuple('S', 'a b')\ns = S(1, 2)\n"
        "def batches():\n    yield [1]\n    yield [2]"
    )
    a, b = examination.name("s")
    assert (a, b, len(examination.name("s")), examination.name("s").b, examination.name("s")[0]) == (1, 2, 2, 2, 1)
    assert list(examination.name("batches")()) == [[1], [2]]


EQUAL_TO_ALL = """
class Equal:
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    def __bool__(self): return True
    def __array__(self, *a, **k): import numpy; return numpy.ones(3)
    def __abs__(self): return 0.0
    def __lt__(self, other): return True
def answer(): return Equal()
"""


@pytest.mark.parametrize(
    "look",
    [
        lambda x: x == 3,
        lambda x: x != 3,
        lambda x: x < 3,
        lambda x: bool(x),
        lambda x: float(x),
        lambda x: abs(x - 3),
        lambda x: 3 in x,
        lambda x: np.asarray(x),
        lambda x: np.allclose(x, 3),
        lambda x: np.testing.assert_allclose(x, 3),
        lambda x: pytest.approx(3) == x,
        lambda x: hash(x),
        lambda x: f"{x}",
        lambda x: np.add(1, x),
        lambda x: {x},
    ],
)
def test_an_object_that_equals_everything_equals_nothing(look):
    value = examine(EQUAL_TO_ALL).name("answer")()
    with pytest.raises(TypeError):
        look(value)


def test_private_names_are_out_of_reach():
    value = examine("class A:\n    _x = 1\na = A()").name("a")
    for name in ("_x", "__class__x", "__globals__"):
        with pytest.raises(AttributeError):
            getattr(value, name)
    with pytest.raises(TypeError):
        value.x = 1


def test_models_are_rebuilt_and_lies_about_them_do_not_help():
    code = """
import course_pkg, keras
keras.utils.set_random_seed(1)
def build(n):
    model = keras.Sequential([keras.Input((n,)), keras.layers.Dense(1)])
    model.predict = lambda *a, **k: 'perfect'
    return model
def weigh(model):
    model.set_weights([w * 0 + 2 for w in model.get_weights()])
    return model.count_params()
"""
    import keras

    examination = examine(code)
    model = examination.name("build")(2)
    assert isinstance(model, keras.Sequential)
    assert model.predict(np.zeros((1, 2)), verbose=0).shape == (1, 1)
    assert examination.name("weigh")(model) == 3
    assert model.get_weights()[0].ravel().tolist() == [2, 2]


@pytest.mark.parametrize(
    "layer",
    ["Lambda(lambda x: x)", "Mine(1)", "Dense(30_000)"],
)
def test_models_with_code_or_size_of_their_own_are_refused(layer):
    code = (
        "import course_pkg, keras\nfrom keras.layers import Dense, Lambda\nclass Mine(Dense): pass\n"
        f"def build(): return keras.Sequential([keras.Input((2,)), {layer}])"
    )
    with pytest.raises(ValueRefused, match="a model with"):
        examine(code).name("build")()


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "3",
        "[]",
        "{}",
        '{"error": 1}',
        '{"error": {"bases": 3}}',
        '{"value": {"$reference": {"side": "student"}}}',
        '{"value": {"$reference": {"side": "examiner", "id": 7}}}',
        '{"value": {"$reference": {"side": "student", "id": "x"}}}',
        '{"value": {"$reference": {"model": 1}}}',
        '{"value": {"$reference": {"model": ["{}", 1]}}}',
        '{"value": {"$reference": {"model": ["3", []]}}}',
        '{"value": {"$reference": {"model": ["[[[", []]}}}',
    ],
)
def test_hostile_answers_end_in_one_error(answer):
    with pytest.raises(ValueRefused):
        Examination(lambda question: answer).name("x")


def test_a_call_may_not_change_an_argument_into_something_else():
    answers = collections.deque(
        [
            '{"value": {"$reference": {"side": "student", "id": 0, "callable": true}}}',
            '{"value": 1, "changed": [[0, 5]]}',
        ]
    )
    function = Examination(lambda question: answers.popleft()).name("f")
    with pytest.raises(ValueRefused, match="changed its type"):
        function([1])


def test_what_cannot_be_passed_is_said():
    function = examine("def f(x): return x").name("f")
    with pytest.raises(ValueRefused, match="a object cannot be passed"):
        function(object())


def test_seeding_reaches_the_students_generators():
    examination = examine("import numpy as np\ndef draw(): return float(np.random.normal())")
    draw = examination.name("draw")
    examination.seed(4)
    first = draw()
    examination.seed(4)
    assert draw() == first
    assert json.dumps(first)


def test_an_answer_that_is_too_long_is_an_error_on_the_students_side(monkeypatch):
    monkeypatch.setattr(values, "SIZE", 2000)
    function = examine("def f(n):\n    return 'x' * n").name("f")
    assert function(100) == "x" * 100
    with pytest.raises(ValueError, match="at most 2,000 may be handed over"):
        function(3000)
    with pytest.raises(ValueRefused):
        function("y" * 3000)
