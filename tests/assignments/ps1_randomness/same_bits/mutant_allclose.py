# Mistake: nearly equal is taken for equal.
def same_bits(first, second):
    return len(first) == len(second) and all(
        one.shape == two.shape and np.allclose(one, two) for one, two in zip(first, second)
    )
