"""What the sandbox promises, tried from inside: each mode, warm and cold."""

import ast
import contextlib
import os
import queue
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager

from course_pkg.errors import CourseError
from course_pkg.grading.sandbox.managers import blocking_client
from course_pkg.grading.sandbox.modes import problem_with
from course_pkg.grading.sandbox.specifications import SandboxSpecifications
from course_pkg.grading.sandbox.starters import WarmProcess

pytestmark = pytest.mark.slow

CONFINED = ("bubblewrap", "landlock")


class Kernel:
    """A kernel of the sandbox, and the client to talk to it."""

    def __init__(self, folder, role="student", **limits):
        self.manager = KernelManager(kernel_spec_manager=SandboxSpecifications(role, limits))
        self.manager.start_kernel(cwd=str(folder))
        self.client = blocking_client(self.manager)
        self.client.start_channels()
        self.client.wait_for_ready(60)
        self.provisioner = self.manager.provisioner

    def value(self, expression):
        """Return what an expression gives in the kernel, as far as it is a literal."""
        reply = self.client.execute("", user_expressions={"x": expression}, silent=True, reply=True, timeout=60)
        found = reply["content"]["user_expressions"]["x"]
        assert found["status"] == "ok", found
        return ast.literal_eval(found["data"]["text/plain"])

    def run(self, code):
        # a request that arrives just after an error would be aborted, for nothing here waits until the kernel is idle
        return self.client.execute(code, stop_on_error=False, reply=True, timeout=60)["content"]

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def kernel(folder, *args, **limits):
    started = Kernel(folder, *args, **limits)
    try:
        yield started
    finally:
        started.close()


@contextlib.contextmanager
def variables(**values):
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module", params=CONFINED)
def mode(request):
    problem = problem_with(request.param)
    if problem and os.environ.get("COURSE_NO_SKIP"):
        pytest.fail(f"{request.param} does not hold here: {problem}")
    if problem:
        pytest.skip(f"{request.param} does not hold here: {problem}")
    return request.param


@pytest.fixture(scope="module")
def warm_process(mode):
    """A warm process that imports little, so that it is there at once."""
    process = WarmProcess(mode, ["email"])
    with variables(COURSE_SANDBOX=mode, COURSE_WARM="1", COURSE_WARM_STUDENT=f"{mode}:{process.folder}"):
        yield process
    process.close()


@pytest.fixture
def submission(tmp_path):
    folder = tmp_path / "submission"
    (folder / "sub").mkdir(parents=True)
    (folder / "data.csv").write_text("a,b\n")
    (folder / "sub" / "more.txt").write_text("more")
    (folder / "ps1.ipynb").write_text("{}")
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    return folder


# What must fail, and with what: an expression that uses nothing but the names below. The refusals differ with the mode:
# what is hidden does not exist, what is closed may not be opened.
REFUSED = {
    "a socket": "socket.socket()",
    "a unix socket": "socket.socket(socket.AF_UNIX)",
    "a name": "socket.create_connection(('localhost', 80), 1)",
    "fork": "os.fork()",
    "exec": "os.execv('/bin/true', ['true'])",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "a program": "subprocess.run(['/bin/true'])",
    "the grader's file": "open(secret).read()",
    "the grader's folder": "os.listdir(os.path.dirname(secret))",
    "overwriting it": "open(secret, 'w')",
    "cutting it": "os.truncate(secret, 0)",
    "its attributes": "os.listxattr(secret)",
    "removing it": "os.unlink(secret)",
    "a file beside it": "open(secret + '2', 'x')",
    "linking to it": "os.link(secret, 'mine')",
    "the users": "open('/etc/passwd').read()",
    "root's home": "os.listdir('/root')",
    "temporary files": "os.listdir('/tmp')",
    "other kernels": "os.listdir(base)",
    "the warm process's log": "open(base + '/log').read()",
    "the solutions": "os.listdir(repository + '/solutions')",
    "changing the lab": "open(course_pkg.__file__, 'a')",
    "changing a library": "open(json.__file__, 'a')",
    "writing to the system": "open('/usr/mine', 'w')",
    "settings of the kernel": "open('/proc/sys/kernel/core_pattern', 'w')",
    "a signal to the grader": "os.kill(grader, 0)",
    "a signal to all": "os.kill(-1, 0)",
    "the grader's memory": "open(f'/proc/{grader}/mem', 'rb')",
    "the grader's environment": "open(f'/proc/{grader}/environ', 'rb').read()",
    "tracing": "called('ptrace', 16, grader, 0, 0)",
    "namespaces": "called('unshare', 0x10000000)",
    "mounting": "called('mount', b'x', b'/', b'tmpfs', 0, None)",
    "another root": "os.chroot('.')",
    "another user": "os.setuid(1 if os.getuid() != 1 else 2)",
    "memory files": "os.memfd_create('x')",
    "its parent's limits": "resource.prlimit(grader, resource.RLIMIT_CPU)",
    "raising its limits": "resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40))",
    "hiding from the watchdog": "called('prctl', 4, 0, 0, 0, 0)",
    "devices": "os.mknod('device', 0o20666, 0x103)",
}
NAMES = """
import ctypes, json, os, resource, socket, subprocess, threading, time
import course_pkg
secret, base, repository, grader = {values!r}
libc = ctypes.CDLL(None, use_errno=True)

def called(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def outcome(expression):
    try:
        eval(expression)
    except Exception as error:
        return type(error).__name__
    return 'possible'
"""


@pytest.fixture(scope="module", params=["warm", "cold"])
def confined(request, mode, tmp_path_factory):
    """A running kernel in which things are tried."""
    folder = tmp_path_factory.mktemp("grader")
    (folder / "gradebook.db").write_text("secret")
    (folder / "work").mkdir()
    if request.param == "warm":
        request.getfixturevalue("warm_process")
    settings = {"COURSE_SANDBOX": mode, "COURSE_WARM": str(int(request.param == "warm")), "COURSE_GRADING_SEED": "hush"}
    with variables(**settings, CUDA_VISIBLE_DEVICES="0", MY_TOKEN="token"), kernel(folder / "work") as started:
        base = started.manager.connection_file
        names = (str(folder / "gradebook.db"), str(Path(base).parents[2]), str(Path(__file__).parents[2]), os.getpid())
        assert started.run(NAMES.format(values=names))["status"] == "ok"
        yield started
    assert (folder / "gradebook.db").read_text() == "secret"


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(confined, what):
    found = confined.value(f"outcome({REFUSED[what]!r})")
    assert found in ("PermissionError", "FileNotFoundError", "ProcessLookupError", "OSError", "gaierror", "ValueError")


def test_threads_and_files_of_its_own_are_fine(confined):
    code = """
t = threading.Thread(target=time.sleep, args=(0,)); t.start(); t.join()
open('mine.txt', 'w').write('x')
import shutil, tempfile; shutil.copy2('mine.txt', 'copy.txt'); os.rename('copy.txt', 'b.txt'); os.makedirs('a/b')
tempfile.TemporaryFile().write(b'x')
os.remove('b.txt')
import ipykernel, IPython.display, numpy.random, matplotlib.figure
"""
    reply = confined.run(code)
    assert reply["status"] == "ok", reply


def test_large_answers_arrive(confined):
    assert len(confined.value("'x' * 12_000_000")) == 12_000_000


def test_the_environment_is_an_allow_list(confined):
    names = confined.value("sorted(os.environ)")
    assert not {"COURSE_GRADING_SEED", "MY_TOKEN", "PYTHONPATH", "COURSE_WARM_STUDENT"} & set(names)
    assert confined.value("os.environ['CUDA_VISIBLE_DEVICES']") == "-1"
    assert "hush" not in confined.value("open('/proc/self/environ').read()")


def test_open_files_lead_nowhere(confined):
    code = "[os.path.realpath(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')]"
    links = {link.rpartition("/")[2].partition(":")[0] for link in confined.value(code)}
    assert {link for link in links if not link.isdigit()} <= {"null", "anon_inode", "pipe", "socket"}, links


def test_what_it_attempted_is_told(mode, warm_process, submission):
    with kernel(submission) as started:
        started.run("import subprocess, socket, os\nopen('mine', 'w'); open('data.csv')")
        started.run("open('/etc/shadow')")
        started.run("subprocess.run(['ls'])")
        started.run("socket.create_connection(('127.0.0.1', 80))")
        started.run("os.kill(os.getpid() + 1, 0)")
    events = started.provisioner.take_events()
    assert {event["what"] for event in events} == {"file", "process", "network", "kernel"}, events
    assert {"what": "file", "where": "open /etc/shadow"} in events, events
    assert not [event for event in events if "mine" in event["where"] or "data.csv" in event["where"]]


def test_the_scratch_holds_a_copy_of_plain_files(mode, warm_process, submission):
    with kernel(submission) as started:
        found = started.value("sorted(__import__('os').listdir('.')), open('sub/more.txt').read()")
        started.run("open('data.csv', 'w').write('changed')")
    assert found == (["data.csv", "sub"], "more")
    assert (submission / "data.csv").read_text() == "a,b\n"


THREADS = """
import threading, time
threading.stack_size(64 << 10)
for _ in range(100): threading.Thread(target=time.sleep, args=(9,)).start()
time.sleep(9)
"""
TOO_MUCH = {
    "memory": ("x = bytearray(1 << 30)", "MemoryError"),
    "shared memory": ("import mmap\nm = mmap.mmap(-1, 1 << 30)\nwhile True: m.write(bytes(1 << 20))", "of memory"),
    "one file": ("with open('f', 'wb') as f:\n  for _ in range(30): f.write(bytes(1 << 20))", "OSError"),
    "threads": (THREADS, "threads"),
    "wall time": ("while True: pass", "seconds"),
    "open files": ("x = [open('f', 'w') for _ in range(200)]", "OSError"),
}
SMALL = {
    "memory_mb": 500,
    "file_mb": 20,
    "scratch_mb": 40,
    "files": 300,
    "threads": 60,
    "wall_s": 4,
    "open_files": 100,
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_of_it(mode, warm_process, tmp_path, what):
    code, expected = TOO_MUCH[what]
    with kernel(tmp_path, **SMALL) as started:
        started.client.execute(code)
        found = ""
        while not found:
            with contextlib.suppress(queue.Empty):
                found = started.client.get_shell_msg(timeout=0.2)["content"].get("ename", "")
            found = found or started.provisioner.ended_because
    if what == "threads" and mode == "bubblewrap" and os.getuid() != 0:
        expected = "RuntimeError"  # the system counts an ordinary user's, before the watchdog does
    assert expected in found, found


FLOOD = """
import os, time
for n in range({files}):
    with open(f'f{{n}}', 'wb') as f: f.write(bytes({size}))
    {then}
time.sleep(3)
"""
FLOODS = {
    "many bytes": FLOOD.format(files=10, size=10 << 20, then=""),
    "many files": FLOOD.format(files=2000, size=0, then=""),
    "deleted files": FLOOD.format(
        files=10, size=10 << 20, then="globals()[f'k{n}'] = open(f'f{n}'); os.remove(f'f{n}')"
    ),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_files_ends(mode, warm_process, tmp_path, flood):
    with kernel(tmp_path, **{**SMALL, "open_files": 400}) as started:
        started.client.execute(FLOODS[flood])
        if mode == "bubblewrap":  # the file system is full, or has no more names
            reply = started.client.get_shell_msg(timeout=20)["content"]
            assert (reply["status"], reply.get("ename")) == ("error", "OSError")
        else:
            started.provisioner.process.wait(20)
            assert started.provisioner.ended_because.startswith("it wrote more than")


def test_an_interrupt_arrives(mode, warm_process, tmp_path):
    with kernel(tmp_path) as started:
        started.client.execute("while True: pass")
        time.sleep(0.5)
        started.manager.interrupt_kernel()
        assert started.client.get_shell_msg(timeout=10)["content"]["ename"] == "KeyboardInterrupt"


def test_two_kernels_draw_the_same_numbers_and_do_not_meet(mode, warm_process, tmp_path):
    draw = "(__import__('random').random(), __import__('numpy').random.rand())"
    with kernel(tmp_path) as one, kernel(tmp_path) as two:
        assert one.value(draw) == two.value(draw)
        one.run("import os; open('left', 'w'); os.environ['LEFT'] = '1'; open('/dev/shm/left', 'w')")
        assert two.value("__import__('os').path.exists('left'), 'LEFT' in __import__('os').environ") == (False, False)
        assert not two.value("__import__('os').path.exists('/dev/shm/left')")
        other = str(Path(one.manager.connection_file))
        assert two.run(f"open({other!r})")["ename"] in ("FileNotFoundError", "PermissionError")


def test_warm_and_cold_kernels_begin_alike(mode, warm_process, tmp_path):
    found = []
    for warm in "10":
        with variables(COURSE_WARM=warm), kernel(tmp_path) as started:
            assert started.provisioner.warm == (warm == "1")
            found.append(started.value("__import__('random').random(), __import__('numpy').random.rand(), hash('x')"))
            found.append(
                started.value("__import__('os').environ.copy()['PYTHONHASHSEED'], __import__('os').getpid() == 1")
            )
    assert found[:2] == found[2:]


def test_the_examiners_kernel_gets_the_seed_and_an_empty_folder(submission):
    with (
        variables(COURSE_WARM="0", COURSE_GRADING_SEED="hush", COURSE_SANDBOX="landlock"),
        kernel(submission, "examiner") as started,
    ):
        assert started.value("__import__('os').environ['COURSE_GRADING_SEED']") == "hush"
        assert started.value("__import__('os').listdir('.')") == []


def test_a_warm_process_ends_when_nobody_wants_it(mode):
    process = WarmProcess(mode, [], idle_s=1)
    address = process.folder / "warm.sock"
    until = time.monotonic() + 60
    while address.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not address.exists()
    process.close()
    assert not process.folder.exists()


OWNER = """
import sys, time
sys.path.insert(0, {tests!r})
from test_sandbox import Kernel, WarmProcess
import os
process = WarmProcess({mode!r}, [])
os.environ.update(COURSE_SANDBOX={mode!r}, COURSE_WARM_STUDENT=f"{mode}:{{process.folder}}")
kernel = Kernel({folder!r})
print(kernel.provisioner.pid, process.folder, flush=True)
time.sleep(60)
"""


def test_nothing_survives_an_owner_that_is_killed(mode, tmp_path):
    script = OWNER.format(tests=str(Path(__file__).parent), mode=mode, folder=str(tmp_path))
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid, folder = owner.stdout.readline().split()
    family = [*psutil.Process(owner.pid).children(recursive=True), psutil.Process(int(pid))]
    assert len(family) >= 3
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    if mode == "landlock":  # in bubblewrap the folder is a mount point, of which an empty one is left
        assert not Path(folder).exists()
    else:
        Path(folder).rmdir()


def test_a_warm_process_that_cannot_import_says_so(tmp_path):
    process = WarmProcess("none", ["no_such_module"])
    unsafe = {"COURSE_ALLOW_UNSAFE": "1", "COURSE_SANDBOX": "none", "COURSE_WARM_STUDENT": f"none:{process.folder}"}
    with variables(**unsafe), pytest.raises(CourseError, match="could not be started") as caught:
        Kernel(tmp_path)
    assert "no_such_module" in caught.value.details
    process.close()


def test_without_any_sandbox_nothing_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_SANDBOX", "none")
    monkeypatch.delenv("COURSE_ALLOW_UNSAFE", raising=False)
    with pytest.raises(CourseError, match="confines nothing"):
        Kernel(tmp_path)
