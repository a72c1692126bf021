"""Use up what others need: memory, processes, threads, descriptors, disk, output. Each stops by itself before harm."""

from attacks.attack import Attack

_KEPT = ("scale",)
_GIGABYTES = 6


def _flood(name: str, what: str, code: str) -> Attack:
    return Attack(name, what, code=code, honest=_KEPT, harmful=True)


ATTACKS = [
    _flood(
        "memory",
        "6 GB are allocated and written to.",
        f"""
held = []
try:
    for _ in range({_GIGABYTES * 10}):
        held.append(np.ones(100_000_000, dtype=np.uint8))
    print("@GOT@")
except MemoryError:
    print("no more than", len(held))
held.clear()
""",
    ),
    _flood(
        "shared_memory",
        "6 GB are mapped as shared memory, which some limits do not count, and written to.",
        f"""
import mmap
held = []
try:
    for _ in range({_GIGABYTES * 10}):
        held.append(mmap.mmap(-1, 100_000_000))
        for at in range(0, 100_000_000, 4096):
            held[-1][at] = 1
    print("@GOT@")
except (MemoryError, OSError, ValueError) as error:
    print("no more than", len(held), error)
held.clear()
""",
    ),
    _flood(
        "memory_files",
        "6 GB are written to files that live in memory, without a name.",
        f"""
import os
held = []
try:
    for _ in range({_GIGABYTES * 10}):
        held.append(os.memfd_create("x"))
        os.write(held[-1], b"x" * 100_000_000)
    print("@GOT@")
except (AttributeError, MemoryError, OSError) as error:
    print("no more than", len(held), error)
for fd in held:
    os.close(fd)
""",
    ),
    _flood(
        "fork_bomb",
        "Processes fork processes, three generations deep, and each would live for half a minute.",
        """
import os, time
def bomb(generation):
    for _ in range(6):
        try:
            if os.fork() == 0:
                if generation < 3:
                    bomb(generation + 1)
                open("/tmp/@ESCAPED@", "a").write("x") if generation == 0 else None
                time.sleep(30)
                os._exit(0)
        except OSError:
            return
bomb(1)
""",
    ),
    _flood(
        "programs",
        "Other programs are started in every way that Python knows.",
        """
import multiprocessing, os, subprocess
ways = [
    lambda: subprocess.Popen(["sleep", "60"], start_new_session=True),
    lambda: os.system("sleep 60 &"),
    lambda: os.posix_spawn("/bin/sleep", ["sleep", "60"], {}),
    lambda: os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "60"]),
    lambda: os.popen("sleep 60"),
    lambda: multiprocessing.get_context("spawn").Process(target=print).start(),
    lambda: get_ipython().system_raw("sleep 60 &"),
]
for number, way in enumerate(ways):
    try:
        way()
        print("started", number)
    except BaseException as error:
        print(number, type(error).__name__)
""",
    ),
    _flood(
        "threads",
        "5,000 threads are started, and wait.",
        """
import threading
never, threads = threading.Event(), []
threading.stack_size(65536)
try:
    for _ in range(5000):
        threads.append(threading.Thread(target=never.wait, daemon=True))
        threads[-1].start()
    print("@GOT@")
except (RuntimeError, MemoryError, OSError) as error:
    print("no more than", len(threads), error)
never.set()
""",
    ),
    _flood(
        "descriptors",
        "100,000 files and pipes are opened, and kept.",
        """
import os
held = []
try:
    for _ in range(50_000):
        held += os.pipe()
    print("@GOT@")
except OSError as error:
    print("no more than", len(held), error)
for fd in held:
    os.close(fd)
""",
    ),
    _flood(
        "disk",
        "3 GB are written to files, a million files are made, and a file that seems to be a terabyte.",
        """
import os, tempfile
total = count = 0
for place in (".", tempfile.gettempdir(), "/tmp", "/dev/shm", os.path.expanduser("~")):
    try:
        for number in range(30):
            with open(f"{place}/@ESCAPED@-{number}", "wb") as file:
                file.write(b"x" * 100_000_000)
            total += 100_000_000
    except OSError as error:
        print(place, error)
    for number in range(100):
        try:
            os.remove(f"{place}/@ESCAPED@-{number}")
        except OSError:
            pass
print("@GOT@" if total > 2_900_000_000 else f"no more than {total:,}")
try:
    with open("sparse", "wb") as file:
        file.truncate(1 << 40)
except OSError as error:
    print(error)
try:
    for count in range(100_000):
        open(f"n{count}", "w").close()
    print("@GOT@ as many files as one likes")
except OSError as error:
    print("no more than", count, error)
""",
    ),
    _flood(
        "deleted_but_mapped",
        "700 MB are written to files that are deleted and closed, but stay mapped.",
        """
import ctypes, os, time
libc = ctypes.CDLL(None)  # Python's own mmap keeps the file open
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
held = []
try:
    for number in range(7):
        fd = os.open("@ESCAPED@", os.O_RDWR | os.O_CREAT)
        os.unlink("@ESCAPED@")
        for _ in range(10):
            os.write(fd, b"x" * 10_000_000)
        held.append(libc.mmap(None, 4096, 3, 1, fd, 0))
        os.close(fd)
        time.sleep(0.3)
    print("@GOT@")
except OSError as error:
    print("no more than", len(held), error)
""",
    ),
    _flood(
        "folders",
        "25,000 folders are made, and a large file so deep down that its path is too long.",
        """
import os, time
try:
    for number in range(25_000):
        os.mkdir(f"folder{number}")
    time.sleep(0.5)
    print("@GOT@ as many folders as one likes")
except OSError as error:
    print("no more than", number, error)
try:
    for _ in range(30):
        os.mkdir("x" * 200)
        os.chdir("x" * 200)
    for number in range(5):
        with open(f"large{number}", "wb") as file:
            file.write(b"x" * 100_000_000)
        time.sleep(0.3)
    print("@GOT@ 500 MB deep down")
except OSError as error:
    print(error)
""",
    ),
    _flood(
        "leases",
        "Who opens a file of a library has to wait until this student gives it back.",
        """
import fcntl, os, signal
signal.signal(signal.SIGIO, signal.SIG_IGN)
with open(np.__file__) as file:
    for command in (1024, 1 << 32 | 1024):
        try:
            fcntl.fcntl(file, command, 1)
            print("@GOT@")
        except (OSError, OverflowError) as error:
            print(error)
""",
    ),
    Attack(
        "widgets",
        "The state of widgets that nobody sees, 600 MB of it.",
        code="""
kernel = get_ipython().kernel
for number in range(40):
    content = {"comm_id": str(number), "target_name": "t", "data": {"state": {"a": "x" * 15_000_000}}}
    kernel.session.send(kernel.iopub_socket, "comm_open", content, parent=kernel.get_parent())
""",
        honest=_KEPT,
    ),
    Attack(
        "one_output_many_times",
        "One output of half a megabyte takes the place of each of 60.",
        code="""
kernel = get_ipython().kernel
def show(kind, text):
    content = {"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "a"}}
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
for _ in range(60):
    show("display_data", "x")
show("update_display_data", "y" * 500_000)
""",
        honest=_KEPT,
    ),
    Attack(
        "output",
        "Output without end, in many messages.",
        code="import sys\nwhile True:\n    print('x' * 10_000)\n    print('y' * 10_000, file=sys.stderr)\n",
        honest=_KEPT,
    ),
    Attack(
        "one_large_output",
        "300 MB of output in one message.",
        code="from IPython.display import display\ndisplay({'text/plain': 'x' * 300_000_000}, raw=True)\n",
        honest=_KEPT,
    ),
    Attack(
        "output_when_called",
        "The answer prints without end when a test calls it.",
        answers={"mean": "def mean(x):\n    while True:\n        print('x' * 10_000)"},
        honest=_KEPT,
    ),
    Attack(
        "error_message",
        "The answer raises an error whose message and type name have 50 MB.",
        answers={
            "mean": "def mean(x):\n    raise type('E' * 50_000_000, (ValueError,), {})('m' * 50_000_000)",
            "count": "raise ValueError('m' * 50_000_000)",
        },
        honest=_KEPT,
    ),
]
