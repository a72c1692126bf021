# Mistake: compares numbers, not bits: minus zero passes, NaN does not, and the dtype is ignored.
def same_bits(first, second):
    return len(first) == len(second) and all(np.array_equal(one, two) for one, two in zip(first, second))
