# Mistake: fills the columns first, so that a run gets every other number.
def draws(seed, runs, size):
    return np.random.default_rng(seed).standard_normal((size, runs)).T
