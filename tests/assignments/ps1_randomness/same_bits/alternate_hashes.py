# Differs: pure Python around hashlib, and a comparison of lists of triples.
import hashlib


def same_bits(first, second):
    def marks(arrays):
        return [(a.shape, str(a.dtype), hashlib.sha256(a.tobytes()).hexdigest()) for a in arrays]

    return marks(first) == marks(second)
