# Mistake: NumPy's old generator gives other numbers for the same seed.
def draws(seed, runs, size):
    return np.random.RandomState(seed).standard_normal((runs, size))
