# Mistake: the bytes of (6,) and of (2, 3) are the same.
def same_bits(first, second):
    return [array.tobytes() for array in first] == [array.tobytes() for array in second]
