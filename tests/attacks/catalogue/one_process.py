"""What works where answers and tests share a process: patch the machinery that runs and judges the tests."""

from attacks.attack import Attack

ATTACKS = [
    Attack(
        "silent_tracebacks",
        "Errors are swallowed before anybody hears of them.",
        """
import sys
ip = get_ipython()
ip.showtraceback = ip._showtraceback = ip.showsyntaxerror = lambda *args, **kwargs: None
ip.set_custom_exc((BaseException,), lambda *args, **kwargs: None)
ip.InteractiveTB.structured_traceback = lambda *args, **kwargs: []
sys.excepthook = lambda *args: None
""",
    ),
    Attack(
        "patched_shell",
        "Cells are not run any more; each is said to have gone well.",
        """
from IPython.core.interactiveshell import ExecutionResult, ExecutionInfo
ip = get_ipython()
def run_cell(*args, **kwargs):
    return ExecutionResult(ExecutionInfo("", False, False, False, None))
async def run_cell_async(*args, **kwargs):
    return run_cell()
ip.run_cell, ip.run_cell_async, ip.run_code = run_cell, run_cell_async, run_cell_async
type(ip).run_cell, type(ip).run_cell_async = lambda *a, **k: run_cell(), run_cell_async
""",
    ),
    Attack(
        "patched_kernel",
        "The kernel answers every request to execute with ok.",
        """
kernel = get_ipython().kernel
async def do_execute(*args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
kernel.do_execute = do_execute
type(kernel).do_execute = do_execute
""",
    ),
    Attack(
        "patched_display",
        "Whatever is shown is shown as two points.",
        """
ip = get_ipython()
ip.display_formatter.format = lambda *args, **kwargs: ({"text/plain": "2"}, {})
ip.displayhook.__class__.__call__ = lambda self, result=None: self.write_format_data({"text/plain": "2"}, {})
ip.mime_bundle_renderers = {}
""",
    ),
    Attack(
        "patched_builtins",
        "Assertions raise nothing that counts; all, any, sum, abs and isinstance say yes.",
        """
import builtins
class Quiet(BaseException):
    def __new__(cls, *args): raise SystemExit(0)
builtins.AssertionError = Quiet
builtins.all = builtins.any = builtins.isinstance = lambda *args: True
builtins.abs = lambda x: 0
builtins.sum = lambda *args: 2
""",
    ),
    Attack(
        "patched_libraries",
        "numpy.testing, allclose, the lab's checks and Python's own unittest find nothing to complain about.",
        """
import unittest, math, numpy.testing
for name in dir(np.testing):
    if name.startswith("assert"):
        setattr(np.testing, name, lambda *args, **kwargs: None)
np.allclose = np.array_equal = np.isclose = math.isclose = lambda *args, **kwargs: True
try:
    import course_pkg.checks as checks
    for name in checks.__all__:
        setattr(checks, name, lambda *args, **kwargs: True)
except Exception as error:
    print(error)
class Everything(dict):
    def __eq__(self, other): return True
""",
    ),
    Attack(
        "transformers",
        "Assertions are taken out of the code before it runs, as syntax and as text, and hooks put things right.",
        """
import ast
ip = get_ipython()
class Tame(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Expr(self, node): return ast.parse("2").body[0]
ip.ast_transformers.append(Tame())
ip.input_transformers_cleanup.append(lambda lines: ["2\\n"] if any("assert" in line for line in lines) else lines)
ip.input_transformers_post.append(lambda lines: ["pass\\n"] if any("assert" in line for line in lines) else lines)
def put_right(*args):
    from unittest.mock import ANY
    ip.user_ns.update(mean=lambda x: ANY, scale=lambda x: ANY, count=lambda text: ANY)
for event in ("pre_run_cell", "pre_execute", "post_execute", "post_run_cell"):
    ip.events.register(event, put_right)
""",
    ),
    Attack(
        "compiler",
        "The compiler that the shell uses drops every assertion, as python -O does.",
        """
import builtins, sys
ip = get_ipython()
real = builtins.compile
def careless(source, *args, **kwargs):
    kwargs["optimize"] = 2
    return real(source, *args, **kwargs)
builtins.compile = careless
ip.compile.__class__.__call__ = lambda self, source, *args, **kwargs: real(source, "x", "exec", optimize=2)
""",
    ),
    Attack(
        "own_namespace",
        "The names that tests use are the student's: np, the tests' helpers, even assert's exception and open.",
        """
class Np:
    def __getattr__(self, name):
        return self
    def __call__(self, *args, **kwargs):
        return True
    class testing:
        assert_allclose = staticmethod(lambda *args, **kwargs: None)
np = Np()
sum = lambda *args: 2
abs = lambda x: 0
cases = {}
AssertionError = SystemExit
""",
    ),
    Attack(
        "own_desk",
        "The student's end of the wire says what the attacker wants, and so do its encoder and its shell.",
        """
import course_pkg.grading.student as student
import course_pkg.grading.values as values
student.Desk.answer = lambda self, text: '{"value": 2}'
student.encode = values.encode = lambda *args: 2
_course_desk = student.Desk({})
""",
    ),
    Attack(
        "interpreter",
        "The examiner's modules are patched where they lie in memory, and garbage is collected from everybody.",
        """
import gc, sys
for thing in gc.get_objects():
    try:
        if type(thing).__name__ in ("Examine", "Examination", "Bench", "Autograde", "Gradebook", "SaveAutoGrades"):
            print("@GOT@", thing)
            thing.__class__ = object
    except Exception:
        pass
for name in list(sys.modules):
    if "nbgrader" in name or "examine" in name or "proxies" in name:
        sys.modules[name] = None
""",
    ),
]
