"""Two real kernels: the student's cells in one, the tests in the other."""

import pytest
from nbformat import v4
from nbgrader import utils

from course_pkg.grading.examine import Examine

pytestmark = pytest.mark.slow

SETUP = "import math\nimport numpy as np"
MEAN = "def mean(x):\n    return sum(x) / len(x)"
SCALE = "def scale(x):\n    return np.asarray(x) / max(x)"
TESTS = {
    "mean": "assert mean([1, 3]) == 2, mean([1, 3])\nassert mean(np.arange(5)) == 2",
    "scale": "np.testing.assert_allclose(scale([1, 2]), [0.5, 1])",
}


def cell(name, source, **role):
    role = {"grade": False, "solution": False, "locked": False, "points": 2, **role}
    return v4.new_code_cell(source, metadata={"nbgrader": {"grade_id": name, "schema_version": 3, **role}})


def notebook(mean=MEAN, scale=SCALE, tests=TESTS):
    return v4.new_notebook(
        cells=[
            cell("setup", SETUP, locked=True),
            cell("mean", mean, solution=True),
            cell("mean_test", tests["mean"], grade=True, locked=True),
            cell("scale", scale, solution=True),
            cell("scale_test", tests["scale"], grade=True, locked=True),
        ]
    )


def examined(tmp_path, nb, **settings):
    examine = Examine(**{"timeout": 20, "call_timeout": 20, **settings})
    nb, _ = examine.preprocess(nb, {"metadata": {"path": str(tmp_path)}, "nbgrader": {}})
    scores = {c.metadata.nbgrader.grade_id: utils.determine_grade(c)[0] for c in nb.cells if utils.is_grade(c)}
    return scores, nb


def test_right_answers_get_full_marks_whatever_they_print(tmp_path):
    noisy = "import sys, warnings\n" + MEAN.replace("return", "warnings.warn('w'); print('e', file=sys.stderr); return")
    scores, _ = examined(tmp_path, notebook(mean=noisy))
    assert scores == {"mean_test": 2, "scale_test": 2}


def test_wrong_and_missing_answers_lose_their_own_marks_only(tmp_path):
    scores, nb = examined(
        tmp_path, notebook(mean="def mean(x):\n    return max(x)", scale="raise NotImplementedError()")
    )
    assert scores == {"mean_test": 0, "scale_test": 0}
    assert nb.cells[2].outputs[-1].ename == "AssertionError"
    assert nb.cells[4].outputs[-1].ename == "NameError"
    assert "'scale' is not defined" in nb.cells[4].outputs[-1].evalue


def test_an_error_of_the_students_shows_the_test_that_asked_and_not_how_it_was_asked(tmp_path):
    _, nb = examined(tmp_path, notebook(mean="def mean(x):\n    raise ValueError('no such mean')"))
    shown = "\n".join(nb.cells[2].outputs[-1].traceback)
    assert "no such mean" in shown
    assert "proxies.py" not in shown


def test_what_is_printed_in_pieces_is_one_text_for_each_stream(tmp_path):
    slowly = "import sys, time\nfor n in range(3):\n    print(n)\n    print(-n, file=sys.stderr)\n    time.sleep(0.3)\n"
    shown = "from IPython.display import display\ndisplay(1)\nprint('after')"
    _, nb = examined(tmp_path, notebook(mean=f"{MEAN}\n{slowly}{shown}"))
    streams = [(each.get("name"), each.get("text")) for each in nb.cells[1].outputs]
    assert streams == [("stdout", "0\n1\n2\n"), ("stderr", "0\n-1\n-2\n"), (None, None), ("stdout", "after\n")]


@pytest.mark.parametrize(
    "fatal",
    [
        "import os\nos._exit(0)",
        "import ctypes\nctypes.string_at(0)",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "while True: print('x' * 10000)",
    ],
    ids=["exit", "crash", "deaf loop", "flood"],
)
def test_a_cell_that_ends_or_blocks_the_kernel_costs_its_own_task(tmp_path, fatal):
    scores, nb = examined(tmp_path, notebook(mean=fatal), timeout=4)
    assert scores == {"mean_test": 0, "scale_test": 2}
    assert "left out" in nb.cells[1].outputs[0].evalue
    assert nb.cells[1].execution_count is None  # else the same submission would not always give the same notebook


def test_a_function_that_never_returns_costs_its_own_test(tmp_path):
    scores, nb = examined(tmp_path, notebook(mean="def mean(x):\n    while True: pass"), call_timeout=3)
    assert scores == {"mean_test": 0, "scale_test": 2}
    assert "no answer within 3 seconds" in nb.cells[2].outputs[0].evalue


ALWAYS = """
class Always:
    def __eq__(self, other): return True
    def __array__(self, *a, **k): return np.array([.5, 1])
"""
CHEATS = {
    "equal to all": (ALWAYS + "mean = lambda x: Always()", ALWAYS + "scale = lambda x: Always()"),
    "patched comparison": (
        "np.testing.assert_allclose = lambda *a, **k: None\nimport builtins\nbuiltins.AssertionError = SystemExit",
        "scale = 1",
    ),
    "patched shell": (
        "ip = get_ipython()\nip.run_cell = ip.run_cell_async = ip.showtraceback = lambda *a, **k: None",
        "pass",
    ),
    "syntax transformer": (
        "import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(T())\nmean = max",
        "scale = np.asarray",
    ),
    "a desk of one's own": (
        "import course_pkg.grading.student as s\ns.Desk.answer = lambda self, q: '{\"value\": 2}'",
        "pass",
    ),
}


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS.keys())
def test_cheats_of_one_process_gain_nothing(tmp_path, cheat):
    scores, _ = examined(tmp_path, notebook(*cheat), timeout=4, call_timeout=4)
    assert scores == {"mean_test": 0, "scale_test": 0}


@pytest.mark.parametrize(
    ("last", "score"),
    [("1", 1), ("2.0", 2), ("-5", 0), ("99", 2), ("float('nan')", 0), ("'all'", 0), ("np.float64(1.5)", 1.5)],
)
def test_partial_scores_stay_between_nothing_and_all(tmp_path, last, score):
    scores, _ = examined(tmp_path, notebook(tests={**TESTS, "mean": f"assert mean([1, 3]) == 2\n{last}"}))
    assert scores["mean_test"] == score


def test_a_course_cell_that_fails_is_the_instructors_business(tmp_path):
    nb = notebook()
    nb.cells[0].source = "import no_such_module"
    with pytest.raises(RuntimeError, match="setup fails: ModuleNotFoundError"):
        examined(tmp_path, nb)


def test_functions_of_the_tests_and_of_the_students_may_call_each_other(tmp_path):
    mean = "def half(x):\n    return x / 2\n\ndef mean(f):\n    return f(f(40))"
    test = "assert mean(lambda x: half(x) + 1) == 11.5\nassert mean(lambda x: mean(lambda y: half(x + y))) == 40"
    scores, nb = examined(tmp_path, notebook(mean=mean, tests={**TESTS, "mean": test}))
    assert scores == {"mean_test": 2, "scale_test": 2}, nb.cells[2].outputs


def test_functions_that_call_each_other_without_end_cost_their_own_marks(tmp_path):
    test = "def again(x):\n    return mean(again)\n\nassert mean(again) == 1"
    tests = {**TESTS, "mean": test}
    scores, _ = examined(tmp_path, notebook(mean="def mean(f):\n    return f(1)", tests=tests))
    assert scores == {"mean_test": 0, "scale_test": 2}


def test_a_helper_of_an_earlier_test_is_never_the_students(tmp_path):
    mean = MEAN.replace("mean", "unused") + "\n\ndef helper(found):\n    pass"
    tests = {"mean": "mean(1)\ndef helper(found):\n    assert found == 3", "scale": "helper(scale([1, 2]))"}
    scores, nb = examined(tmp_path, notebook(mean=mean, tests=tests))
    assert scores == {"mean_test": 0, "scale_test": 0}
    assert "'helper' is not defined" in nb.cells[4].outputs[-1].evalue


def test_a_cell_that_only_shows_something_is_left_out_unless_it_is_asked_for(tmp_path):
    shown = v4.new_code_cell("print('shown')", metadata={"tags": ["illustration"]})
    nb = notebook(mean=MEAN)
    nb.cells.insert(1, shown)
    nb.cells[2].metadata["tags"] = ["illustration"]  # on an answer, it says nothing
    scores, nb = examined(tmp_path, nb)
    assert scores == {"mean_test": 2, "scale_test": 2}
    assert "Not run for the grading" in nb.cells[1].outputs[0].text
    _, nb = examined(tmp_path, nb, run_illustrations=True)
    assert nb.cells[1].outputs[0].text == "shown\n"
