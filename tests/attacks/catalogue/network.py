"""Reach other machines or other services of this one."""

from attacks.attack import Attack

ATTACKS = [
    Attack(
        "calls_home",
        "A server on this machine is called over TCP, UDP, IPv6 and by other programs.",
        """
import socket, urllib.request
def tcp(): return socket.create_connection(("127.0.0.1", @PORT@), timeout=2)
def six(): return socket.create_connection(("::ffff:127.0.0.1", @PORT@), timeout=2)
def any_address(): return socket.create_connection(("0.0.0.0", @PORT@), timeout=2)
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        return s.sendto(b"loot", ("127.0.0.1", @PORT@))
def web(): return urllib.request.urlopen("http://127.0.0.1:@PORT@/loot", timeout=2)
def fast_open():
    s = socket.socket()
    return s.sendto(b"loot", 0x20000000, ("127.0.0.1", @PORT@))
for way in (tcp, six, any_address, udp, web, fast_open):
    try:
        print("@GOT@", way.__name__, way())
    except Exception as error:
        print(way.__name__, error)
""",
        honest=("scale",),
    ),
    Attack(
        "local_sockets",
        "Unix sockets are listened on and connected to: abstract ones, and all that have a path.",
        """
import glob, os, socket
def names():
    try:
        return [line.split()[-1] for line in open("/proc/net/unix") if len(line.split()) == 8]
    except OSError:
        return []
files = [path for place in ("/tmp", "/run") for path in glob.glob(place + "/**/*.sock", recursive=True)]
found = {*names(), *files}
for name in found:
    if get_ipython().kernel.config.get("IPKernelApp", {}).get("ip", "?") in name:
        continue
    try:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(1)
        s.connect("\\0" + name[1:] if name.startswith("@") else name)
        print("@GOT@", name)
    except Exception as error:
        print(name, error)
for address in ("\\0@ESCAPED@", "/tmp/@ESCAPED@", "@ROOT@/@ESCAPED@"):
    try:
        s = socket.socket(socket.AF_UNIX)
        s.bind(address)
        s.listen()
        print("listening", address)
    except Exception as error:
        print(address, error)
""",
        honest=("scale",),
        harmful=True,
    ),
]
