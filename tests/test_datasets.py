import course_pkg  # noqa: F401  (first: it sets the environment that NumPy and TensorFlow load with)

# isort: split
import contextlib
import dataclasses
import gzip
import hashlib
import http.server
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from course_pkg import datasets

BUILT_IN = datasets.names()[:8]
FETCHED = datasets.names()[8:]
CSV = {"sonar": (208, 60), "ionosphere": (351, 34), "pima": (768, 8), "mammography": (11183, 6)}

DATA = Path(os.environ.get(datasets.DIR_VAR) or Path(__file__).parents[2] / "shared" / "data")
needs_data = pytest.mark.skipif(
    not (DATA / "sonar.csv").is_file(), reason=f"set {datasets.DIR_VAR} to a folder that holds the four CSV files"
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """No test reads the user's own cache, folder or mirror, or asks a proxy."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(datasets, "cache_dir", lambda: folder)
    monkeypatch.delenv(datasets.DIR_VAR, raising=False)
    monkeypatch.setenv(datasets.URL_VAR, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(datasets, "TIMEOUT", (5.0, 5.0))
    return folder


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(answer, monkeypatch):
    """A real server on this computer; `answer(handler)` writes one whole HTTP response. Yields the paths asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            answer(self)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setenv(datasets.URL_VAR, f"http://127.0.0.1:{running.server_port}/mirror/")
        try:
            yield asked
        finally:
            running.shutdown()
            thread.join(5)


def sends(body, *, status=200, length=None):
    def answer(handler):
        handler.send_response(status)
        if length is not None:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def kept(folder):
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


# --- built in ---


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_sets_keep_what_the_type_says(name):
    data = datasets.load(name)
    assert datasets.available(name)
    assert data.X.dtype == np.float32
    assert data.X.shape == (len(data.y), len(data.feature_names))
    assert data.y.dtype == (np.float32 if data.task == "regression" else np.int64)
    assert data.source
    assert data.licence
    if data.task != "regression":
        assert sorted(set(data.y.tolist())) == list(range(len(data.target_names)))
        assert (data.task == "binary") == (len(data.target_names) == 2)


def test_sequence_is_the_nine_pairs():
    data = datasets.load("sequence")
    np.testing.assert_array_equal(data.X, np.float32([[0.0], [0.1], [0.2], [0.3], [0.4], [0.5], [0.6], [0.7], [0.8]]))
    np.testing.assert_array_equal(data.y, np.float32([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]))


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "wine", "diabetes"])
def test_bundled_sets_are_scikit_learns(name):
    data, original = datasets.load(name), getattr(sklearn.datasets, f"load_{name}")()
    np.testing.assert_array_equal(data.X, original.data.astype("float32"))
    np.testing.assert_array_equal(data.y, original.target)


@pytest.mark.parametrize("name", ["make_regression", "make_classification", "make_moons"])
def test_generators_repeat_unless_told_otherwise(name):
    first, again, other = datasets.load(name), datasets.load(name), datasets.load(name, random_state=1)
    np.testing.assert_array_equal(first.X, again.X)
    assert not np.array_equal(first.X, other.X)


def test_generator_arguments_arrive():
    arguments = {"n_samples": 50, "n_features": 10, "n_informative": 5, "n_targets": 3, "random_state": 2}
    data = datasets.load("make_regression", **arguments)
    X, y = sklearn.datasets.make_regression(**arguments)
    np.testing.assert_array_equal(data.X, X.astype("float32"))
    np.testing.assert_array_equal(data.y, y.astype("float32"))
    assert data.target_names == ("target_1", "target_2", "target_3")
    assert datasets.load("make_classification", n_classes=3, n_informative=4).task == "multiclass"


@pytest.mark.parametrize("name", ["sequence", "make_moons", "wine"])
def test_nobody_can_write_into_a_data_set(name):
    data = datasets.load(name)
    with pytest.raises(ValueError, match="read-only"):
        data.X[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        data.y[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.X = None


@pytest.mark.parametrize("ask", [datasets.load, datasets.available])
def test_unknown_names_get_a_suggestion(ask):
    with pytest.raises(ValueError, match=r"no data set 'breast-cancer'. Did you mean 'breast_cancer'\? .* sonar"):
        ask("breast-cancer")


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("make_moons", {"samples": 5}, "no argument 'samples'. It takes: n_samples, shuffle, noise, random_state"),
        ("make_regression", {"coef": True}, "no argument 'coef'"),
        ("wine", {"random_state": 1}, "It takes none"),
        ("sonar", {"subset": "train"}, "It takes none"),
        ("fashion_mnist", {"split": "train"}, "It takes: subset"),
    ],
)
def test_unknown_arguments_are_named(name, arguments, says):
    with pytest.raises(TypeError, match=says):
        datasets.load(name, **arguments)


def test_subset_is_checked():
    with pytest.raises(ValueError, match="'train', 'test' or 'all', got 'validation'"):
        datasets.load("fashion_mnist", subset="validation")


# --- the four CSV files ---


@needs_data
@pytest.mark.parametrize(("name", "shape"), CSV.items())
def test_csv_sets(name, shape, monkeypatch):
    monkeypatch.setenv(datasets.DIR_VAR, str(DATA))
    assert datasets.available(name)
    data = datasets.load(name)
    assert data.X.shape == shape
    assert len(data.feature_names) == shape[1]
    assert data.task == "binary"
    counts = {"sonar": 111, "ionosphere": 225, "pima": 268, "mammography": 260}  # as published with the data
    assert data.y.sum() == counts[name]
    raw = (DATA / {"pima": "pima-indians-diabetes.csv"}.get(name, f"{name}.csv")).read_text().split()
    np.testing.assert_array_equal(data.X[-1], np.float32([float(cell) for cell in raw[-1].split(",")[:-1]]))


@needs_data
def test_fetched_once_then_found_without_the_network(monkeypatch, cache, capfd):
    assert not datasets.available("sonar")
    with server(sends((DATA / "sonar.csv").read_bytes()), monkeypatch) as asked:
        data = datasets.load("sonar")
    assert asked == ["/mirror/sonar.csv"]
    assert kept(cache) == [cache / "sonar.csv"]
    assert datasets.available("sonar")
    np.testing.assert_array_equal(datasets.load("sonar").X, data.X)  # the server is gone
    assert capfd.readouterr() == ("", "")


@needs_data
def test_spoilt_cache_is_replaced(monkeypatch, cache):
    cache.mkdir()
    whole = (DATA / "sonar.csv").read_bytes()
    (cache / "sonar.csv").write_bytes(whole[:5000])
    assert not datasets.available("sonar")
    with pytest.raises(datasets.DownloadError):  # not used for lack of a better one, either
        datasets.load("sonar")
    with server(sends(whole), monkeypatch):
        assert datasets.load("sonar").X.shape == (208, 60)
    assert (cache / "sonar.csv").read_bytes() == whole


@needs_data
def test_half_download_is_never_used(monkeypatch, cache):
    whole = (DATA / "sonar.csv").read_bytes()
    with (
        server(sends(whole[:5000], length=len(whole)), monkeypatch),
        pytest.raises(datasets.DownloadError, match="the connection broke before the end"),
    ):
        datasets.load("sonar")
    assert kept(cache) == []
    with server(sends(whole[: whole.rindex(b"0.0")]), monkeypatch), pytest.raises(datasets.ShapeError):
        datasets.load("sonar")  # a server that does not say how long the file is
    assert kept(cache) == []


# --- what can go wrong ---

HTML = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"
WRONG_SIZE = b"0.1,0.2,R\n" * 150
RAGGED = b"0.1,0.2,R\n0.1,R\n"
WRONG_BYTES = (b"0.5," * 60 + b"R\n") * 208
WRONG_SHA256 = hashlib.sha256(WRONG_BYTES).hexdigest()


def assert_says_what_to_set(error):
    assert datasets.DIR_VAR in str(error.value)
    assert "sonar.csv" in str(error.value)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (sends(HTML), datasets.NotDataError, "is a web page, not sonar.csv"),
        (sends(WRONG_SIZE), datasets.ShapeError, "150 × 3 values, where 208 × 61 are expected"),
        (sends(RAGGED), datasets.ShapeError, "rows differ in length"),
        (sends(b""), datasets.ShapeError, "208 × 61 are expected"),
        (sends(b"\xff\xfe\x00"), datasets.ShapeError, "cannot be read"),
        (sends(WRONG_BYTES), datasets.ChecksumError, f"SHA-256 is {WRONG_SHA256}, where 3079"),
        (sends(b"gone", status=404), datasets.DownloadError, "the server answered 404 Not Found"),
        (sends(b"busy", status=503), datasets.DownloadError, "the server answered 503"),
        (sends(RAGGED, length=10_000), datasets.DownloadError, "the connection broke before the end"),
    ],
)
def test_a_bad_answer_gives_one_clear_error_and_leaves_nothing(answer, error, says, monkeypatch, cache, capfd):
    with server(answer, monkeypatch) as asked, pytest.raises(error, match=says) as caught:
        datasets.load("sonar")
    assert_says_what_to_set(caught)
    assert datasets.URL_VAR in str(caught.value)
    assert asked == ["/mirror/sonar.csv"]
    assert kept(cache) == []
    assert not datasets.available("sonar")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("start", [b"", b"0.1,"])
def test_a_server_that_falls_silent_is_left(start, monkeypatch, cache):
    monkeypatch.setattr(datasets, "TIMEOUT", (2.0, 0.2))
    over = threading.Event()

    def answer(handler):
        if start:
            sends(start, length=10_000)(handler)
        over.wait(10)

    with server(answer, monkeypatch):
        with pytest.raises(datasets.DownloadError, match="the server stopped sending") as caught:
            datasets.load("sonar")
        over.set()
    assert_says_what_to_set(caught)
    assert kept(cache) == []


@pytest.mark.parametrize("name", FETCHED)
def test_without_network_and_cache(name):
    assert not datasets.available(name)
    with pytest.raises(datasets.DownloadError, match=r"no connection\. Go online .* Or set COURSE_DATA_DIR"):
        datasets.load(name)


@pytest.mark.parametrize("mirror", ["nowhere", "ftp://127.0.0.1/data"])
def test_an_address_that_is_none(mirror, monkeypatch):
    monkeypatch.setenv(datasets.URL_VAR, mirror)
    with pytest.raises(datasets.DownloadError, match=datasets.URL_VAR):
        datasets.load("sonar")


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(datasets, "cache_dir", lambda: tmp_path / "file" / "cache")
    with pytest.raises(datasets.DatasetError, match="cannot be kept") as caught:
        datasets.load("sonar")
    assert_says_what_to_set(caught)


# --- a folder of files ---


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (HTML, datasets.NotDataError, "web page"),
        (WRONG_SIZE, datasets.ShapeError, "150 × 3"),
        (WRONG_BYTES, datasets.ChecksumError, "SHA-256"),
    ],
)
def test_a_wrong_file_in_the_folder_is_not_passed_over(content, error, says, monkeypatch, tmp_path):
    (tmp_path / "sonar.csv").write_bytes(content)
    monkeypatch.setenv(datasets.DIR_VAR, str(tmp_path))
    assert not datasets.available("sonar")
    with pytest.raises(error, match=says) as caught:
        datasets.load("sonar")
    assert str(tmp_path) in str(caught.value)
    assert f"unset {datasets.DIR_VAR}" in str(caught.value)


def test_a_folder_that_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv(datasets.DIR_VAR, str(tmp_path / "missing"))
    assert not datasets.available("sonar")
    with pytest.raises(datasets.DatasetError, match=r"COURSE_DATA_DIR is '.*missing', which is not a folder"):
        datasets.load("sonar")


@needs_data
def test_a_file_that_the_folder_lacks_is_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv(datasets.DIR_VAR, str(tmp_path))
    with server(sends((DATA / "sonar.csv").read_bytes()), monkeypatch) as asked:
        datasets.load("sonar")
    assert len(asked) == 1


# --- images ---


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + array.tobytes(), mtime=0)


@pytest.fixture
def small_fashion(monkeypatch, tmp_path):
    """Files in the format of Fashion-MNIST: five images to train, three to test, with the hashes that these have."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 10, shape, "uint8") for shape in ((5, 28, 28), (5,), (3, 28, 28), (3,))]
    files = []
    for file, array in zip(datasets._FILES["fashion_mnist"], arrays, strict=True):
        path = tmp_path / file.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(idx(array))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(dataclasses.replace(file, sha256=sha256, shape=array.shape))
    monkeypatch.setitem(datasets._FILES, "fashion_mnist", tuple(files))
    monkeypatch.setenv(datasets.DIR_VAR, str(tmp_path))
    return arrays


def test_fashion_mnist_is_training_then_test(small_fashion):
    train_images, train_labels, test_images, test_labels = small_fashion
    whole = datasets.load("fashion_mnist")
    np.testing.assert_array_equal(whole.X, np.concatenate([train_images, test_images]))
    np.testing.assert_array_equal(whole.y, np.concatenate([train_labels, test_labels]))
    np.testing.assert_array_equal(datasets.load("fashion_mnist", subset="test").X, test_images)
    np.testing.assert_array_equal(datasets.load("fashion_mnist", subset="train").y, train_labels)
    assert whole.X.dtype == np.float32
    assert len(whole.target_names) == 10
    assert len(whole.feature_names) == 784


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (idx(np.zeros((4, 28, 28), "uint8")), "4 × 28 × 28 values, where 5 × 28 × 28"),
        (idx(np.zeros((5, 28, 28), "uint8"))[:-9], "cannot be read"),
        (gzip.compress(b"something else"), "no IDX file"),
        (idx(np.zeros((5, 28, 28), "uint8"))[:10] + b"\xff" * 99, "cannot be read"),
        (gzip.compress(b"\0\0\x08\x03\xff\xff"), "cannot be read"),
        (b"no gzip", "cannot be read"),
    ],
    # Named, since pytest would name them by their bytes, and gzip writes the time into those: two workers that collect
    # at a second's turn would not agree on the tests.
    ids=["too few images", "cut at its end", "no images inside", "spoilt", "cut inside its head", "not packed"],
)
def test_wrong_images_are_told_apart(small_fashion, content, says, tmp_path):
    (tmp_path / "fashion-mnist" / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(datasets.ShapeError, match=says):
        datasets.load("fashion_mnist")
