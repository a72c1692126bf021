"""The portable preset on an emulated older CPU, NumPy's part; `benchmarks/portability.py` has TensorFlow's."""

import importlib.util
import json

import pytest

from small_book import REPOSITORY

pytestmark = pytest.mark.slow


def test_numpy_gives_the_same_bits_on_a_haswell(needs):
    needs("qemu-x86_64", "qemu-user")
    spec = importlib.util.spec_from_file_location("portability", REPOSITORY / "benchmarks" / "portability.py")
    portability = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(portability)
    here = json.loads(portability.run(portability.PROBES, preset="portable"))
    there = json.loads(portability.run(portability.PROBES, preset="portable", emulated=True))
    assert len(here) >= 7
    assert here == there
