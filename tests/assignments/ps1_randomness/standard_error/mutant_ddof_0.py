# Mistake: the standard deviation of a population, divided by n and not by n − 1.
def standard_error(values):
    return np.std(values) / np.sqrt(len(values))
