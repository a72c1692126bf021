"""Which system calls a student's kernel may not make, by seccomp: for programs, processes, sockets, and root."""

from __future__ import annotations

import errno
import os
from typing import Any

__all__ = ["restrict_calls"]

_FORBIDDEN = """
    execve execveat fork vfork
    socket connect bind listen
    ptrace process_vm_readv process_vm_writev process_madvise kcmp
    pidfd_open pidfd_getfd pidfd_send_signal tkill
    unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
    bpf perf_event_open keyctl add_key request_key userfaultfd io_uring_setup io_uring_enter io_uring_register
    open_by_handle_at name_to_handle_at fanotify_init memfd_create memfd_secret mknod mknodat
    init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl syslog
    settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname iopl ioperm personality vhangup
    shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semtimedop semctl mq_open mq_unlink
    setpriority sched_setaffinity sched_setattr ioprio_set inotify_add_watch
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
    statmount listmount open_tree_attr file_getattr file_setattr
"""
_ATTRIBUTES = "getxattr lgetxattr listxattr llistxattr getxattrat listxattrat"
_METADATA = "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat"
# libseccomp does not know the names of newer calls; since Linux 5.1, their numbers are the same on all processors.
_NEWER = {
    "fchmodat2": 452,
    "statmount": 457,
    "listmount": 458,
    "setxattrat": 463,
    "getxattrat": 464,
    "listxattrat": 465,
    "removexattrat": 466,
    "open_tree_attr": 467,
    "file_getattr": 468,
    "file_setattr": 469,
}
_NOT_YET_KNOWN = range(470, 512)  # programs take it for an older Linux
_CLONE_THREAD = 0x10000
_DATAGRAM = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_UNKNOWN = -1
_WORD = 0xFFFFFFFF  # the system looks at half of such an argument only, and so do the rules
_REQUESTS = (
    # they type into a terminal: TIOCSTI, TIOCLINUX
    *(0x5412, 0x541C),
    # they have a signal sent to another process: FIOSETOWN, SIOCSPGRP
    *(0x8901, 0x8902),
    # they change a file that may only be read: FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION, …_ENABLE_VERITY
    *(0x40086602, 0x401C5820, 0x40087602, 0x40806685),
)
# Likewise: F_SETOWN, F_SETSIG, F_SETOWN_EX. And F_SETLEASE keeps others waiting, F_NOTIFY watches them.
_FILE_COMMANDS = (8, 10, 15, 1024, 1026)


def restrict_calls(*, shared_files: bool) -> None:
    """Forbid them to all threads of this process, for good.

    Parameters
    ----------
    shared_files : bool
        The process sees other people's files, although it cannot open them (there is no mount namespace). Then what
        changes or reads a file without opening it is forbidden too: ``truncate``; extended attributes, which such a
        file seems not to have; and owner, mode and times of a file, where the call does nothing and succeeds, as
        `shutil.copy` would fail without it.
    """
    import pyseccomp  # type: ignore[import-untyped]

    found = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    found.set_attr(pyseccomp.Attr.CTL_TSYNC, 1)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in _FORBIDDEN.split():
        _add(found, refuse, name)
    if shared_files:
        _add(found, refuse, "truncate")
        for name in _ATTRIBUTES.split():
            _add(found, pyseccomp.ERRNO(errno.ENOTSUP), name)
        for name in _METADATA.split():
            _add(found, pyseccomp.ERRNO(0), name)
    # libzmq aborts where its threads may not choose their scheduling, which stays as it is
    _add(found, pyseccomp.ERRNO(0), "sched_setscheduler")
    other = pyseccomp.Arg(0, pyseccomp.NE, os.getpid())
    for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
        _add(found, refuse, name, other)
    # they would close the process's records to the watchdog, and let it live longer than who looks after it
    for option in (_PR_SET_DUMPABLE, _PR_SET_PDEATHSIG):
        _add(found, refuse, "prctl", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _WORD, option))
    _add(found, refuse, "prlimit64", pyseccomp.Arg(0, pyseccomp.NE, 0))
    _add(found, refuse, "sched_setparam", pyseccomp.Arg(0, pyseccomp.NE, 0))
    for request in _REQUESTS:
        _add(found, refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _WORD, request))
    for command in _FILE_COMMANDS:
        _add(found, refuse, "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _WORD, command))
    for number in _NOT_YET_KNOWN:
        found.add_rule(pyseccomp.ERRNO(errno.ENOSYS), number)
    # a pair of datagram sockets could be pointed elsewhere afterwards
    _add(found, refuse, "socketpair", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xF, _DATAGRAM))
    _add(found, refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0))
    _add(found, pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags lie in memory; the C library falls back to clone
    found.load()


def _add(found: Any, action: int, name: str, *arguments: Any) -> None:
    """Add a rule, unless this processor does not have the call."""
    import pyseccomp

    number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)
    if number == _UNKNOWN:
        number = _NEWER.get(name, _UNKNOWN)
    if number != _UNKNOWN:
        found.add_rule(action, number, *arguments)
