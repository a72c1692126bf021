"""Shared by the grading tests: gradebooks in SQLite and in a PostgreSQL server of our own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

_NEW = count()


def _postgresql(program: str) -> str | None:
    """Debian keeps the server's programs off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    return shutil.which(program) or (str(found[-1]) if found else None)


class PostgreSQL:
    """A server in a temporary folder, reached through a socket in it: no port, no password, no trace afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = "nobody" if os.geteuid() == 0 else None  # the server refuses to run as root

    def start(self) -> None:
        if self.user:
            owner = pwd.getpwnam(self.user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._call("initdb", "--username=course", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self._call("pg_ctl", "start", "--wait", f"--options={options}", f"--log={self.folder / 'log'}")

    def stop(self) -> None:
        self._call("pg_ctl", "stop", "--mode=immediate")

    def database(self) -> str:
        """Return the URL of a new, empty schema: a database of its own would be 300 files on the disk."""
        import psycopg

        name = f"gradebook{next(_NEW)}"
        with psycopg.connect(host=str(self.folder), user="course", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql+psycopg://course@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(_postgresql(program)), f"--pgdata={self.folder / 'data'}", *arguments]
        how = {"user": self.user, "group": "nogroup", "extra_groups": []} if self.user else {}
        # The server inherits what pg_ctl writes to: a pipe would never end.
        with (self.folder / f"{program}.out").open("w+") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd=self.folder, **how)
            output.seek(0)
            assert done.returncode == 0, f"{command}: {output.read()}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running server, or a skip that says what to install; in CI, a failure."""
    if _postgresql("initdb") is None:
        line = "needs PostgreSQL's server: apt-get install postgresql"
        if os.environ.get("COURSE_NO_SKIP"):
            pytest.fail(f"{line} (nothing may skip here)")
        pytest.skip(line)
    # Not pytest's own folder: it lets in nobody else, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = PostgreSQL(folder)
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return a function that returns the URL of a new, empty database: each test runs with both kinds."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql").database
    return lambda: f"sqlite:///{tmp_path}/gradebook{next(_NEW)}.db"
