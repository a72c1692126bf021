# Differs: looks at the bits as whole numbers; returns NumPy's own True or False.
def same_bits(first, second):
    if len(first) != len(second):
        return np.False_
    for one, two in zip(first, second):
        if one.shape != two.shape or one.dtype != two.dtype:
            return np.False_
        if np.any(np.ascontiguousarray(one).view("uint8") != np.ascontiguousarray(two).view("uint8")):
            return np.False_
    return np.True_
