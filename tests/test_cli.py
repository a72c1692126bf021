import subprocess
import sys

import pytest

from course_pkg.doctor import examine


def course(*arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "course_pkg", *arguments], cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["book", "run", "randomnes"], "no chapter 'randomnes'. Did you mean randomness?"),
        (["book", "verify", "nothing"], "no chapter 'nothing'"),
        (["book", "run", "-p", "COUNT"], "not of the form NAME=VALUE"),
        (["book", "run", "-p", "SEED=3"], "the seed is set with --seed"),
    ],
)
def test_an_error_is_one_line_and_a_non_zero_exit(repository, arguments, message):
    done = course(*arguments, cwd=repository)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_outside_the_repository_it_says_so(tmp_path):
    done = course("book", "run", cwd=tmp_path)
    assert done.returncode == 1
    assert "is not inside the course's repository" in done.stderr


@pytest.mark.parametrize("arguments", [["book", "run", "--seed", "x"], ["book", "run", "--jobs", "0"], ["nonsense"]])
def test_wrong_usage_is_refused(repository, arguments):
    done = course(*arguments, cwd=repository)
    assert done.returncode == 2
    assert done.stderr.strip()


def test_doctor_names_versions_machine_settings_data_and_tools(repository):
    done = course("doctor", cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("Python", "tensorflow", "CPU", "Preset", "Results", "Threads", "Data sets", "graphviz", "chromium"):
        assert word in done.stdout


def test_doctor_says_what_to_do(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "requirements.lock").write_text("numpy==1.0.0 \\\n    --hash=sha256:0\n")
    findings = {finding.topic: finding for finding in examine(tmp_path)}
    assert findings["graphviz"].state == "optional"
    assert "apt-get install graphviz" in findings["graphviz"].cure
    assert findings["numpy"].state == "bad"
    assert "the lock says 1.0.0" in findings["numpy"].cure


def test_doctor_sees_settings_that_do_not_hold(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    findings = {finding.topic: finding for finding in examine(None)}
    assert findings["Preset"].state == "bad"
    assert "TF_NUM_INTRAOP_THREADS was changed" in findings["Preset"].what
