# Mistake: takes n − 1 under the root as well.
def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values) - 1)
