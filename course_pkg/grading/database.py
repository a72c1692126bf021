"""Transactions on nbgrader's database, SQLite or PostgreSQL: all of a block takes effect, or none of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader import api  # type: ignore[import-untyped]
from sqlalchemy import column, create_engine, event, insert, inspect, table
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from course_pkg.errors import CourseError

__all__ = ["create", "hasty_databases", "reading", "writing"]

_PATIENCE = 60.0  # seconds that a writer waits for another one


@contextmanager
def reading(db_url: str) -> Iterator[Session]:
    """Open a session whose every read shows the database of one moment.

    Parameters
    ----------
    db_url : str
        As nbgrader's ``CourseDirectory.db_url``.

    Raises
    ------
    CourseError
        If there is no such database, or it cannot be read.
    """
    url = _existing(db_url)
    with _session(url, _engine(url, begin="BEGIN", isolation="REPEATABLE READ")) as session:
        yield session


@contextmanager
def writing(db_url: str) -> Iterator[Session]:
    """Open a session that is one transaction: committed at the end of the block, undone if it raises.

    Parameters
    ----------
    db_url : str
        As nbgrader's ``CourseDirectory.db_url``.

    Raises
    ------
    CourseError
        If there is no such database, or it refuses what was written; then it holds what it held before.
    """
    url = _existing(db_url)
    with _session(url, _writer(url)) as session:
        yield session


def create(db_url: str) -> None:
    """Make an empty gradebook, as nbgrader does where it finds none; leave one that is there alone.

    Parameters
    ----------
    db_url : str
        As nbgrader's ``CourseDirectory.db_url``.

    Raises
    ------
    CourseError
        If the database cannot be reached or written.
    """
    url = _parsed(db_url)
    if (file := _file(url)) is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    with _session(url, _writer(url)) as session:
        connection = session.connection()
        if inspect(connection).get_table_names():
            return
        api.Base.metadata.create_all(bind=connection)
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        version = insert(table("alembic_version", column("version_num"))).values(version_num=_schema_version())
        connection.execute(version)


@contextmanager
def hasty_databases() -> Iterator[None]:
    """Let SQLite not wait for the disk: for scratch databases, which a power cut may take with it.

    As long as the block lasts, this holds for whatever database this process connects to, nbgrader's code included,
    which commits after every cell.
    """
    event.listen(Engine, "connect", _do_not_wait)
    try:
        yield
    finally:
        event.remove(Engine, "connect", _do_not_wait)


def _do_not_wait(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")


def _schema_version() -> str | None:
    """Return what ``nbgrader db upgrade`` looks at. Nbgrader asks a program on the PATH, which need not be there."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR  # type: ignore[import-untyped]

    config = Config()
    config.set_main_option("script_location", ALEMBIC_DIR.replace("%", "%%"))
    return ScriptDirectory.from_config(config).get_current_head()


def _parsed(db_url: str) -> URL:
    try:
        return make_url(db_url)
    except ArgumentError as error:
        raise CourseError(
            f"{db_url!r} is no database URL. Write sqlite:///FILE or postgresql://USER@HOST/DATABASE."
        ) from error


def _file(url: URL) -> Path | None:
    """Return the file of an SQLite database."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _existing(db_url: str) -> URL:
    """SQLite would make an empty file of a misspelt name."""
    url = _parsed(db_url)
    if (file := _file(url)) is not None and not file.is_file():
        raise CourseError(f"There is no gradebook {file}. `nbgrader generate_assignment` makes one.")
    return url


def _writer(url: URL) -> Engine:
    # IMMEDIATE: a transaction that first reads and then writes would fail where another one wrote in between.
    return _engine(url, begin="BEGIN IMMEDIATE", isolation="READ COMMITTED")


def _engine(url: URL, begin: str, isolation: str) -> Engine:
    if _file(url) is None:
        return create_engine(url, poolclass=NullPool, isolation_level=isolation)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _PATIENCE})

    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # else Python's sqlite3 begins one only at the first write

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _session(url: URL, engine: Engine) -> Iterator[Session]:
    try:
        with Session(engine) as session, session.begin():
            yield session
    except SQLAlchemyError as error:
        where = url.render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise CourseError(f"The gradebook {where} does not work: {reason}. It holds what it held before.") from error
    finally:
        engine.dispose()
