# Mistake: divides by n, not by its square root.
def standard_error(values):
    return np.std(values, ddof=1) / len(values)
