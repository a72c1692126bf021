"""Hostile data on the wire to the examiner: deep, huge, lying, of the wrong kind. One task stays honest."""

from attacks.attack import Attack

_WIRE = """
import course_pkg.grading.student as student
import base64, itertools, json
real_answer = student.Desk.answer
def hostile(question):
    return '{"value": 2}'
def answer(self, text):
    question = json.loads(text)
    if question["do"] == "name" and question["name"] == "scale":
        self.mine = "scale"
    if question["do"] == "name":
        self.mine = question["name"]
    if self.mine == "scale" or question["do"] == "name" and question["name"] != "mean":
        return real_answer(self, text)
    if question["do"] == "name":
        return '{"value": {"$reference": {"side": "student", "id": 0, "type": "x", "callable": true}}}'
    return hostile(question)
student.Desk.answer = answer
"""


def _wire(name: str, what: str, hostile: str) -> Attack:
    """Answer every question about the first task with the text that `hostile` gives."""
    return Attack(name, what, code=f"{_WIRE}\n{hostile}\n", honest=("scale",))


ATTACKS = [
    Attack(
        "own_helper",
        "The first test is kept from running, and its helper, which the next one uses, is the student's.",
        """
import course_pkg.grading.student as student
import json
real_answer, asked = student.Desk.answer, []
def answer(self, text):
    if json.loads(text).get("name") == "mean" and not asked:
        asked.append(text)
        return '{"value": {"$unknown": 1}}'
    return real_answer(self, text)
student.Desk.answer = answer
def same(found, expected):
    pass
""",
        honest=("scale",),
    ),
    _wire(
        "colliding_numbers",
        "A dict of numbers that are chosen to make it slow.",
        """
pairs = [[(number << 61) - number, 0] for number in range(40_000)]
def hostile(question): return json.dumps({"value": {"$dict": pairs}})
""",
    ),
    _wire(
        "deep",
        "Lists in lists, objects in objects, 100,000 deep.",
        """
turn = itertools.cycle(["[" * 100_000 + "]" * 100_000, '{"value": ' * 50_000 + "2" + "}" * 50_000,
                        '{"value": ' + '{"$tuple": [' * 60 + "2" + "]}" * 60 + "}"])
def hostile(question): return next(turn)
""",
    ),
    _wire(
        "no_numbers",
        "NaN, infinities and numbers of thousands of digits, as JSON's own and as the wire's.",
        """
turn = itertools.cycle(['{"value": NaN}', '{"value": 1e999}', '{"value": ' + "9" * 100_000 + "}",
                        '{"value": {"$int": "0x' + "f" * 100_000 + '"}}', '{"value": {"$float": "nan"}}'])
def hostile(question): return next(turn)
""",
    ),
    _wire(
        "huge_answer",
        "An answer of 200 MB.",
        "def hostile(question): return '{\"value\": \"' + 'x' * 200_000_000 + '\"}'",
    ),
    _wire(
        "lying_array",
        "Arrays whose header promises more than follows, other types, or pickled objects.",
        """
import io
def npy(header, data=b"x" * 8):
    header = header.encode()
    return base64.b64encode(b"\\x93NUMPY\\x01\\x00" + len(header).to_bytes(2, "little") + header + data).decode()
turn = itertools.cycle([
    npy("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,)}"),
    npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
    npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"),
    npy("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "(" * 300 + ")}"),
    npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}"),
])
def hostile(question): return json.dumps({"value": {"$array": next(turn)}})
""",
    ),
    _wire(
        "empty_but_wide",
        "An array without items, and a billion columns: its sum over the rows would take 8 GB.",
        """
header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1000000000)}"
empty = base64.b64encode(b"\\x93NUMPY\\x01\\x00" + len(header).to_bytes(2, "little") + header).decode()
def hostile(question): return json.dumps({"value": {"$array": empty}})
""",
    ),
    _wire(
        "growing_frame",
        "A data frame of 300,000 rows and as many columns, of one number each.",
        """
frame = [[[None], ["c"] * 300_000], [1] * 300_000, [[None], [0] * 300_000]]
def hostile(question): return json.dumps({"value": {"$frame": frame}})
""",
    ),
    _wire(
        "colliding_keys",
        "A dictionary whose keys all have the same hash.",
        """
keys = [{"$int": hex((2**61 - 1) * n)} for n in range(2**53, 2**53 + 200_000)]
def hostile(question): return json.dumps({"value": {"$dict": [[key, 0] for key in keys]}})
""",
    ),
    _wire(
        "surrogates",
        "Half characters, which no file and no message can hold.",
        'def hostile(question): return \'{"error": {"type": "\\\\ud800", "bases": ["ValueError"], '
        '"message": "\\\\udfff \\\\ud800"}}\'',
    ),
    _wire(
        "wrong_kinds",
        "Tags that nobody knows, errors that are none, references to the examiner's own things, cycles.",
        """
turn = itertools.cycle([
    '{"value": {"$pickle": "gASVKAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOU"}}',
    '{"error": {"type": 3, "bases": ["BaseException", "SystemExit", "KeyboardInterrupt"], "message": {}}}',
    '{"error": {"type": "x", "bases": ["StopIteration", "__import__", "eval"], "message": "x"}}',
    '{"value": {"$reference": {"side": "examiner", "id": 0}}}',
    '{"value": {"$reference": {"side": "examiner", "id": -1}}}',
    '{"value": {"$generator": {"$dict": [["bit_generator", "MT19937"], ["state", 5]]}}}',
    '{"value": 2, "changed": [[0, 99], ["x", {"$array": 3}]]}',
    '{"value": 2, "changed": 7}',
    '{"value": 2, "changed": [[[], 1]]}',
    '{"value": {"$index": [["a", "b"], [1, 2]]}}',
    '{"value": {"$series": [null, 5, [[null], 7]]}}',
    '{"value": {"$complex": [1, 2, 3]}}',
    '{"value": {"$set": [[1]]}}',
    'null', '[]', '"', "{", '{"value": {"$array": 3}}',
])
def hostile(question): return next(turn)
""",
    ),
    Attack(
        "endless_items",
        "The answer is a sequence that never ends, and says that it is as long as can be.",
        answers={
            "mean": "class Endless:\n    def __len__(self): return 2**60\n    def __getitem__(self, n): return n\n"
            "    def __iter__(self):\n        while True:\n            yield 1\n"
            "def mean(x):\n    return Endless()",
            "count": "class Items(dict):\n    def items(self):\n        while True:\n            yield ('x', 1)\n"
            "def count(text):\n    return Items()",
        },
        honest=("scale",),
    ),
    Attack(
        "wrong_shapes",
        "Answers that broadcast: empty arrays, a scalar for three, a column for a row, three dimensions too many.",
        answers={
            "mean": "def mean(x):\n    return np.array([])",
            "scale": "def scale(x):\n    return np.zeros((0, 3))",
            "count": "def count(text):\n    return np.array([])",
        },
    ),
]
