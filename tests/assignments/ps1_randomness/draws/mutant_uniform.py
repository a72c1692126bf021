# Mistake: uniform numbers.
def draws(seed, runs, size):
    return np.random.default_rng(seed).random((runs, size))
