import os
import subprocess
import sys

import pytest

from course_pkg import presets


def run(code: str, **environment: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key not in presets.settings()}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**clean, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_importing_the_package_loads_neither_numpy_nor_tensorflow():
    code = "import sys, course_pkg; print([m for m in ('numpy', 'tensorflow', 'keras', 'pandas') if m in sys.modules])"
    assert run(code) == "[]"


def test_the_portable_preset_is_in_force_after_import():
    code = "import course_pkg, os; from course_pkg import presets; print(presets.chosen(), presets.missing())"
    assert run(code) == "portable []"
    assert run("import course_pkg, os; print(os.environ['TF_NUM_INTRAOP_THREADS'])") == "1"


def test_openblas_obeys():
    code = (
        "import course_pkg, numpy, threadpoolctl as t; "
        "print({(p['architecture'], p['num_threads']) for p in t.threadpool_info() if p['user_api'] == 'blas'})"
    )
    assert run(code) == "{('Haswell', 1)}"


def test_numpy_dispatches_nothing_above_avx2():
    code = (
        "import course_pkg, numpy; from numpy._core._multiarray_umath import __cpu_features__ as f; "
        "print([k for k in ('X86_V4', 'AVX512_ICL', 'AVX512_SPR') if f.get(k)])"
    )
    assert run(code) == "[]"


def test_too_late_is_seen_only_when_a_setting_really_comes_too_late():
    late = "import numpy, course_pkg; from course_pkg import presets; print(presets.missing())"
    assert run(late) == "['numpy was imported before course_pkg']"
    assert run(late, **presets.settings()) == "[]"


def test_native_preset_is_chosen_by_the_environment():
    code = "import numpy, course_pkg; from course_pkg import presets; print(presets.chosen(), presets.missing())"
    assert run(code, COURSE_PRESET="native") == "native []"


def test_a_setting_changed_afterwards_is_named():
    code = (
        "import course_pkg, os; os.environ['TF_NUM_INTRAOP_THREADS'] = '4'; "
        "from course_pkg import presets; print(presets.missing())"
    )
    assert "TF_NUM_INTRAOP_THREADS was changed from '1' to '4'" in run(code)


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'fast'.*native, portable"):
        presets.settings("fast")
