"""The data sets of the chapters: built in, or fetched once, checked and kept.

Built-in sets need nothing. The tutorials' own sets are looked for in this order:

1. the folder that the environment variable ``COURSE_DATA_DIR`` names, if it holds the file;
2. the user's cache folder (:func:`cache_dir`);
3. the network: the mirror that ``COURSE_DATA_URL`` names if it is set, else the original public address.

Whatever the way, a file is used only if its SHA-256 is the published one.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import inspect
import logging
import os
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CACHE_NAME",
    "DIR_VAR",
    "TIMEOUT",
    "URL_VAR",
    "ChecksumError",
    "Dataset",
    "DatasetError",
    "DownloadError",
    "NotDataError",
    "ShapeError",
    "available",
    "cache_dir",
    "fetched_names",
    "load",
    "names",
]

DIR_VAR = "COURSE_DATA_DIR"
"""Environment variable that names a folder of data files."""

URL_VAR = "COURSE_DATA_URL"
"""Environment variable that names a mirror: the address that a file's name is appended to."""

CACHE_NAME = "course-pkg"
"""Name of the folder within the user's cache folder."""

TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and for each next piece of a file."""

Task = Literal["regression", "binary", "multiclass"]


class DatasetError(RuntimeError):
    """A data set cannot be had; the message says why and what to set."""


class DownloadError(DatasetError):
    """There is no network, or the address does not answer with the file."""


class NotDataError(DatasetError):
    """A web page came in place of the file, as from a login page or a proxy."""


class ShapeError(DatasetError):
    """The file has not the rows and columns of the set: another set, or cut off."""


class ChecksumError(DatasetError):
    """The file has the right form but not the published bytes."""


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """One data set; its arrays are read-only, so that no cell can change what another one reads.

    Attributes
    ----------
    X : ndarray of shape (n, features), or (n, height, width) for images, float32
        As published: not scaled by us (scikit-learn's "diabetes" comes scaled).
    y : ndarray of shape (n,) or (n, targets)
        float32 for regression; int64 for classes, which count from 0.
    feature_names : tuple of str
        Names of the columns of `X`; of images, one per pixel, row by row.
    target_names : tuple of str
        Names of the classes in the order of their numbers; for regression, of the targets.
    task : {"regression", "binary", "multiclass"}
        In the fetched binary sets, class 1 is the one that is looked for (mine, diabetes, …). The bundled
        ones keep scikit-learn's numbers: in "breast_cancer", 1 is benign.
    source : str
        Who published it, and where.
    licence : str
        On which terms.
    """

    X: NDArray[np.float32]
    y: NDArray[Any]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    task: Task
    source: str
    licence: str

    def __repr__(self) -> str:
        """Shapes and task: arrays in full would bury what matters."""
        return f"Dataset(task={self.task!r}, X={self.X.shape}, y={self.y.shape}, target_names={self.target_names})"


def names() -> tuple[str, ...]:
    """Return the names that :func:`load` takes: first the built-in sets, then those that are fetched.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> names()[:4]
    ('sequence', 'make_regression', 'make_classification', 'make_moons')
    """
    return tuple(_LOADERS)


def load(name: str, **generator_args: Any) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str
        One of :func:`names`:

        - "sequence": predict the next of 0.0, 0.1, …, 0.9; 9 pairs, one feature;
        - "make_regression", "make_classification", "make_moons": scikit-learn's generators;
        - "breast_cancer", "digits", "wine", "diabetes": bundled with scikit-learn;
        - "sonar", "ionosphere", "pima", "mammography": fetched, two classes;
        - "fashion_mnist": fetched (30 MB), 70,000 images of 28×28 pixels from 0 to 255. The first 60,000
          are the training set, the last 10,000 the test set.
    **generator_args
        Arguments of the generator, as in scikit-learn, with one difference: `random_state` is 0 unless you
        give another, so that the same call gives the same data. The other sets take none, except
        ``load("fashion_mnist", subset="train")``; "test" and "all" (the default) are the others.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there is no set of that name.
    TypeError
        If the set does not take one of `generator_args`.
    DatasetError
        If a file cannot be had: :class:`DownloadError`, :class:`NotDataError`, :class:`ShapeError` or
        :class:`ChecksumError`. Each says what to set.

    Notes
    -----
    In "pima", zeros in glucose, pressure, skin, insulin and mass stand for values that nobody measured.

    Explained in :doc:`chapters/evaluation`.

    Examples
    --------
    >>> data = load("sequence")
    >>> data.X.shape, (10 * data.y).round().astype(int).tolist()
    ((9, 1), [1, 2, 3, 4, 5, 6, 7, 8, 9])
    >>> load("make_regression", n_samples=1000, n_features=10, n_informative=5, n_targets=3, random_state=2)
    Dataset(task='regression', X=(1000, 10), y=(1000, 3), target_names=('target_1', 'target_2', 'target_3'))
    """
    _check_name(name)
    allowed = _arguments_of(name)
    for argument in generator_args:
        if argument not in allowed:
            takes = f"It takes: {', '.join(allowed)}." if allowed else "It takes none."
            raise TypeError(f"The data set {name!r} has no argument {argument!r}. {takes}")
    return _LOADERS[name](name, **generator_args)


def available(name: str) -> bool:
    """Tell without the network whether :func:`load` would find a data set.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Returns
    -------
    bool
        True for built-in sets, and for others if their files are in ``COURSE_DATA_DIR`` or in the cache, and
        are the published ones to the last byte.

    Examples
    --------
    >>> available("wine")
    True
    """
    _check_name(name)
    return all(_is_at_hand(file) for file in _FILES.get(name, ()))


def fetched_names() -> tuple[str, ...]:
    """Return the names of the sets that are fetched when first used; the others are built in.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> "sonar" in fetched_names(), "wine" in fetched_names()
    (True, False)
    """
    return tuple(_FILES)


def cache_dir() -> Path:
    """Return the folder that fetched files are kept in; it may not exist yet.

    Returns
    -------
    Path
        ``course-pkg`` in the cache folder of the user, wherever the operating system has that.

    Examples
    --------
    >>> cache_dir().name
    'course-pkg'
    """
    import pooch

    return Path(pooch.os_cache(CACHE_NAME))


# --- built in -------------------------------------------------------------------------------------------------


def _sequence(name: str) -> Dataset:
    series = np.arange(10) / 10
    return _dataset(
        series[:-1, None],
        series[1:],
        feature_names=["now"],
        target_names=["next"],
        task="regression",
        source="Made by this course: 0.0, 0.1, …, 0.9, each value with the next one",
        licence="None needed: generated numbers",
    )


def _generated(name: str, **arguments: Any) -> Dataset:
    import sklearn.datasets

    X, y = getattr(sklearn.datasets, name)(**{"random_state": 0, **arguments})
    task: Task = "regression" if name == "make_regression" else "binary" if y.max() < 2 else "multiclass"
    targets = y.shape[1] if y.ndim == 2 else 1
    return _dataset(
        X,
        y,
        feature_names=[f"x_{number}" for number in range(1, X.shape[1] + 1)],
        target_names=[f"target_{number}" for number in range(1, targets + 1)]
        if task == "regression"
        else [f"class_{number}" for number in range(y.max() + 1)],
        task=task,
        source=f"sklearn.datasets.{name}",
        licence="None needed: generated numbers",
    )


def _bundled(name: str) -> Dataset:
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")()
    classes = len(np.unique(bunch.target))
    return _dataset(
        bunch.data,
        bunch.target,
        feature_names=bunch.feature_names,
        target_names=["progression"] if name == "diabetes" else bunch.target_names,
        task="regression" if name == "diabetes" else "binary" if classes == 2 else "multiclass",
        source=_BUNDLED[name],
        licence="None stated; distributed with scikit-learn (BSD-3-Clause)" if name == "diabetes" else _UCI_LICENCE,
    )


def _dataset(
    X: Any,
    y: Any,
    *,
    feature_names: Iterable[object],
    target_names: Iterable[object],
    task: Task,
    source: str,
    licence: str,
) -> Dataset:
    X = np.array(X, dtype=np.float32)
    y = np.array(y, dtype=np.float32 if task == "regression" else np.int64)
    for array in (X, y):
        array.setflags(write=False)
    return Dataset(
        X=X,
        y=y,
        feature_names=tuple(str(text) for text in feature_names),
        target_names=tuple(str(text) for text in target_names),
        task=task,
        source=source,
        licence=licence,
    )


# --- fetched --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    """A published file: where it lies, its SHA-256, and the size of the table or array in it."""

    name: str
    url: str
    sha256: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class _Table:
    """What the last column and the other columns of a CSV file without a header mean."""

    feature_names: tuple[str, ...]
    labels: tuple[str, str]
    target_names: tuple[str, str]
    source: str
    licence: str


def _csv(name: str) -> Dataset:
    table = _TABLES[name]
    cells = _parse_csv(_verified(_FILES[name][0]).read_bytes())
    return _dataset(
        cells[:, :-1].astype(np.float64),
        [table.labels.index(label) for label in cells[:, -1]],
        feature_names=table.feature_names,
        target_names=table.target_names,
        task="binary",
        source=table.source,
        licence=table.licence,
    )


def _fashion_mnist(name: str, *, subset: Literal["train", "test", "all"] = "all") -> Dataset:
    chosen = {"train": [0], "test": [1], "all": [0, 1]}.get(subset)
    if chosen is None:
        raise ValueError(f"subset must be 'train', 'test' or 'all', got {subset!r}.")
    pairs = [(_FILES[name][2 * part], _FILES[name][2 * part + 1]) for part in chosen]
    return _dataset(
        np.concatenate([_parse_idx(_verified(images).read_bytes()) for images, _ in pairs]),
        np.concatenate([_parse_idx(_verified(labels).read_bytes()) for _, labels in pairs]),
        feature_names=[f"pixel_{row}_{column}" for row in range(28) for column in range(28)],
        target_names=_FASHION_CLASSES,
        task="multiclass",
        source="Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747, github.com/zalandoresearch/fashion-mnist",
        licence="MIT",
    )


def _parse_csv(data: bytes) -> NDArray[np.str_]:
    """Read a comma-separated table without a header; ValueError if its rows differ in length."""
    rows = [line.split(",") for line in data.decode("utf-8").split()]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("its rows differ in length")
    return np.array(rows)


def _parse_idx(data: bytes) -> NDArray[np.uint8]:
    """Read an IDX file of bytes, http://yann.lecun.com/exdb/mnist/: magic number, sizes, then the values."""
    raw = gzip.decompress(data)
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError("it is no IDX file of bytes")
    sizes = np.frombuffer(raw, ">u4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(sizes)


def _verified(file: _File) -> Path:
    """Return the path of a file whose bytes are the published ones, fetching it if need be."""
    own = _in_data_dir(file)
    if own is None:
        return _fetched(file)
    _check_content(own, file, f"{own}", f"Put the published file there, or unset {DIR_VAR} to have it fetched.")
    return own


def _in_data_dir(file: _File) -> Path | None:
    folder = os.environ.get(DIR_VAR)
    if not folder:
        return None
    if not Path(folder).is_dir():
        raise DatasetError(f"{DIR_VAR} is {folder!r}, which is not a folder. Set it to one, or unset it.")
    path = Path(folder, file.name)
    return path if path.is_file() else None


def _is_at_hand(file: _File) -> bool:
    try:
        path = _in_data_dir(file) or cache_dir() / file.name
    except DatasetError:
        return False
    return path.is_file() and _sha256(path) == file.sha256


def _fetched(file: _File) -> Path:
    """Return the file from the cache, or fetch it there; pooch moves it there only when it is whole and right."""
    import pooch
    import requests

    mirror = os.environ.get(URL_VAR)
    url = f"{mirror.rstrip('/')}/{file.name}" if mirror else file.url
    remedy = f"Or set {DIR_VAR} to a folder that holds {file.name}, or {URL_VAR} to a mirror's address."

    def download(url: str, output_file: Any, caller: Any) -> None:
        pooch.HTTPDownloader(timeout=TIMEOUT)(url, output_file, caller)
        # Here, before pooch compares the hash: it could say only that the bytes are wrong, not what came instead.
        _check_content(Path(output_file), file, url, f"Try again later. {remedy}")

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)  # it writes to stderr, where a reader looks for errors
    try:
        path = pooch.retrieve(url, f"sha256:{file.sha256}", fname=file.name, path=cache_dir(), downloader=download)
    except requests.RequestException as error:
        reason = f"{file.name} did not come from {url}: {_short(error)}"
        raise DownloadError(f"{reason}. Go online and try again. {remedy}") from error
    except OSError as error:
        raise DatasetError(f"{file.name} cannot be kept in {cache_dir()}: {error}. {remedy}") from error
    finally:
        logger.setLevel(level)
    return Path(path)


def _short(error: Exception) -> str:
    """Say in a few words what went wrong: the text of a connection error is the inside of two libraries."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    kind = type(error).__name__
    if kind == "ReadTimeout" or "ReadTimeoutError" in repr(error):  # a ConnectionError if it comes after the start
        return "the server stopped sending"
    return {
        "ConnectionError": "no connection",
        "ConnectTimeout": "no connection in time",
        "ChunkedEncodingError": "the connection broke before the end",
    }.get(kind, f"{kind}: {error}")


def _check_content(path: Path, file: _File, where: str, remedy: str) -> None:
    """Raise the most telling error if the bytes at `path` are not the published ones."""
    found = _sha256(path)
    if found == file.sha256:
        return
    data = path.read_bytes()
    if data.lstrip()[:1] == b"<":
        raise NotDataError(
            f"{where} is a web page, not {file.name}: a login page, a proxy or a wrong address answers in its place. "
            f"{remedy}"
        )
    problem = _wrong_shape(data, file)
    if problem:
        raise ShapeError(f"{where} is not the published {file.name}: {problem}. {remedy}")
    raise ChecksumError(
        f"{where} is not the published {file.name}: its SHA-256 is {found}, where {file.sha256} is expected. {remedy}"
    )


def _wrong_shape(data: bytes, file: _File) -> str | None:
    expected = " × ".join(map(str, file.shape))
    try:
        shape = (_parse_idx if file.name.endswith(".gz") else _parse_csv)(data).shape
    except (ValueError, OSError, EOFError, zlib.error) as error:
        return f"it cannot be read as an array of {expected} ({error})"
    if shape != file.shape:
        return f"it holds {' × '.join(map(str, shape))} values, where {expected} are expected"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- the catalogue --------------------------------------------------------------------------------------------

_UCI_LICENCE = "CC-BY-4.0 (UCI Machine Learning Repository)"

_BUNDLED = {
    "breast_cancer": "Wolberg, Mangasarian, Street and Street (1995), UCI Machine Learning Repository, by scikit-learn",
    "digits": "Alpaydin and Kaynak (1998), UCI Machine Learning Repository, by scikit-learn",
    "wine": "Aeberhard and Forina (1992), UCI Machine Learning Repository, by scikit-learn",
    "diabetes": "Efron, Hastie, Johnstone and Tibshirani (2004), Annals of Statistics 32(2), by scikit-learn",
}

# Fixed commits: an address that can change would break the checksums.
_CSV_URL = "https://raw.githubusercontent.com/jbrownlee/Datasets/d20fcb6402ae34e653d4513b00f39257bb37ed7f"
_FASHION_COMMIT = "b2617bb6d3ffa2e429640350f613e3291e10b141"
_FASHION_URL = f"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/{_FASHION_COMMIT}/data/fashion"


_SHA256 = {
    "sonar.csv": "3079c09b5d2789a0f96aff82c28e5164fafe2495c5f8da96c6c256c1bd25763f",
    "ionosphere.csv": "fd6dd7864b55d56dac0a1e6e24af9ccc35bf2555ac79af8ab9f3d1daa065ab83",
    "pima-indians-diabetes.csv": "6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af",
    "mammography.csv": "7d3dea3f075f30bbdbb8980e7725684059b4fe3d0f850fadd0f635f6993d8730",
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}


def _csv_file(name: str, rows: int, columns: int) -> _File:
    return _File(name, f"{_CSV_URL}/{name}", _SHA256[name], (rows, columns))


def _fashion_file(name: str, *shape: int) -> _File:
    # A folder of its own: MNIST's files have the same names.
    return _File(f"fashion-mnist/{name}", f"{_FASHION_URL}/{name}", _SHA256[name], shape)


_FILES: dict[str, tuple[_File, ...]] = {
    "sonar": (_csv_file("sonar.csv", 208, 61),),
    "ionosphere": (_csv_file("ionosphere.csv", 351, 35),),
    "pima": (_csv_file("pima-indians-diabetes.csv", 768, 9),),
    "mammography": (_csv_file("mammography.csv", 11183, 7),),
    "fashion_mnist": (
        _fashion_file("train-images-idx3-ubyte.gz", 60000, 28, 28),
        _fashion_file("train-labels-idx1-ubyte.gz", 60000),
        _fashion_file("t10k-images-idx3-ubyte.gz", 10000, 28, 28),
        _fashion_file("t10k-labels-idx1-ubyte.gz", 10000),
    ),
}

# The class that is looked for comes second, and so is class 1.
_TABLES = {
    "sonar": _Table(
        feature_names=tuple(f"band_{number}" for number in range(1, 61)),
        labels=("R", "M"),
        target_names=("rock", "mine"),
        source="Gorman and Sejnowski (1988), Neural Networks 1, 75–89, UCI Machine Learning Repository",
        licence=_UCI_LICENCE,
    ),
    "ionosphere": _Table(
        feature_names=tuple(f"pulse_{number}_{part}" for number in range(1, 18) for part in ("re", "im")),
        labels=("b", "g"),
        target_names=("bad", "good"),
        source="Sigillito, Wing, Hutton and Baker (1989), UCI Machine Learning Repository",
        licence=_UCI_LICENCE,
    ),
    "pima": _Table(
        feature_names=("pregnancies", "glucose", "pressure", "skin", "insulin", "mass", "pedigree", "age"),
        labels=("0", "1"),
        target_names=("no diabetes", "diabetes"),
        source="Smith, Everhart, Dickson, Knowler and Johannes (1988), National Institute of Diabetes and Digestive "
        "and Kidney Diseases",
        licence="None stated by its owner; the UCI repository has withdrawn it",
    ),
    "mammography": _Table(
        feature_names=tuple(f"measure_{number}" for number in range(1, 7)),
        labels=("'-1'", "'1'"),
        target_names=("no microcalcification", "microcalcification"),
        source="Woods, Doss, Bowyer, Solka, Priebe and Kegelmeyer (1993), International Journal of Pattern Recognition "
        "and Artificial Intelligence 7(6), 1417–1436",
        licence="None stated",
    ),
}

_FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_LOADERS: dict[str, Callable[..., Dataset]] = {
    "sequence": _sequence,
    **dict.fromkeys(("make_regression", "make_classification", "make_moons"), _generated),
    **dict.fromkeys(_BUNDLED, _bundled),
    **dict.fromkeys(_TABLES, _csv),
    "fashion_mnist": _fashion_mnist,
}


def _check_name(name: str) -> None:
    if name in _LOADERS:
        return
    close = difflib.get_close_matches(str(name), _LOADERS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"There is no data set {name!r}.{hint} Choose one of: {', '.join(_LOADERS)}.")


def _arguments_of(name: str) -> tuple[str, ...]:
    loader: Callable[..., Any] = _LOADERS[name]
    if loader is not _generated:
        return tuple(inspect.signature(loader).parameters)[1:]
    import sklearn.datasets

    # These two change what the generator returns.
    return tuple(key for key in inspect.signature(getattr(sklearn.datasets, name)).parameters if key not in _RETURNS)


_RETURNS = {"coef", "return_X_y"}
