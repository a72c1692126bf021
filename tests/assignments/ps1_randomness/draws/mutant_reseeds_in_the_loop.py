# Mistake: makes a new generator for each run, so that all rows are alike.
def draws(seed, runs, size):
    return np.array([np.random.default_rng(seed).standard_normal(size) for _ in range(runs)])
