"""End the kernel, its parent or its neighbours; or never end."""

from attacks.attack import Attack

_KEPT = ("scale",)


def _fatal(name: str, what: str, code: str, harmful: bool = False) -> Attack:
    """Harm one's own task only."""
    return Attack(name, what, code=code, honest=_KEPT, harmful=harmful)


ATTACKS = [
    _fatal("system_exit", "The cell leaves by sys.exit, exit and quit.", "import sys\nexit()\nquit()\nsys.exit(0)\n"),
    _fatal("os_exit", "The cell ends the kernel with success.", "import os\nos._exit(0)\n"),
    _fatal("crash", "The cell reads from address zero.", "import ctypes\nctypes.string_at(0)\n"),
    _fatal(
        "deep_recursion",
        "The cell recurses until the stack is used up.",
        "import sys\nsys.setrecursionlimit(10**8)\ndef f():\n    f()\nf()\n",
    ),
    Attack(
        "dies_when_called",
        "The answer ends the kernel when a test calls it.",
        answers={"mean": "def mean(x):\n    import os\n    os._exit(0)"},
        honest=_KEPT,
    ),
    Attack(
        "exits_when_called",
        "The answer leaves by SystemExit, KeyboardInterrupt and GeneratorExit when a test calls it.",
        answers={
            "mean": "import sys\ndef mean(x):\n    sys.exit(0)",
            "count": "def count(text):\n    raise [KeyboardInterrupt, GeneratorExit][len(text) % 2]",
        },
        honest=_KEPT,
    ),
    _fatal(
        "kills",
        "Parent, process group, session leader and a bystander are killed.",
        """
import ctypes, os, signal
def queue(pid):
    if ctypes.CDLL(None).sigqueue(pid, 9, 0):
        raise OSError
def descriptor(pid): signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)
for pid in {@BYSTANDER@, os.getppid(), os.getsid(0), os.getpgid(0)} - {0, 1, os.getpid()}:
    for way in (lambda p: os.kill(p, signal.SIGKILL), lambda p: os.kill(p, signal.SIGSTOP), queue, descriptor):
        try:
            way(pid)
            print("@GOT@ killed", pid)
        except OSError as error:
            print(error.errno)
""",
        harmful=True,
    ),
    _fatal(
        "deaf_loop",
        "An endless loop swallows interrupts and ignores signals.",
        """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException:
        pass
""",
    ),
    Attack(
        "asks_for_ever",
        "The answer asks for input without end when a test calls it.",
        answers={"mean": "def mean(x):\n    while True:\n        input('more')"},
        honest=_KEPT,
    ),
    _fatal(
        "signals_by_files",
        "The system is told to send a signal to a bystander as soon as a pipe can be read.",
        """
import fcntl, os, signal
reader, writer = os.pipe()
for command, value in ((8, @BYSTANDER@), (10, signal.SIGKILL)):
    try:
        fcntl.fcntl(reader, command, value)
        print("@GOT@")
    except OSError as error:
        print(error)
try:
    fcntl.fcntl(reader, 4, fcntl.fcntl(reader, 3) | os.O_ASYNC)
finally:
    os.write(writer, b"x")
""",
        harmful=True,
    ),
    _fatal(
        "hides_and_outlives",
        "The kernel asks the system to hide it from the watchdog, and not to end it with its parent.",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for option in (4, 1, 1 << 32 | 4, 1 << 32 | 1):
    if libc.syscall(157, ctypes.c_ulong(option), ctypes.c_ulong(0), 0, 0, 0) == 0:
        print("@GOT@", option)
""",
    ),
    _fatal(
        "long_c_call",
        "A call that never returns to Python: a regular expression that takes centuries.",
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')\n",
    ),
    Attack(
        "loops_when_called",
        "The answer loops for ever when a test calls it, and swallows interrupts.",
        answers={
            "mean": "def mean(x):\n  while True:\n    try:\n      while True: pass\n    except BaseException: pass",
        },
        honest=_KEPT,
    ),
    Attack(
        "thread_left_running",
        "Threads and timers of the answer go on and change the answers while other tests run.",
        """
import threading, time
from unittest.mock import ANY
def change():
    while True:
        time.sleep(0.01)
        globals()["mean"] = lambda x: ANY
for _ in range(4):
    threading.Thread(target=change, daemon=True).start()
""",
        honest=_KEPT,
    ),
]
