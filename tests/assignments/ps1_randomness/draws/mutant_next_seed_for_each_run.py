# Mistake: a generator for each run, from neighbouring seeds.
def draws(seed, runs, size):
    return np.array([np.random.default_rng(seed + run).standard_normal(size) for run in range(runs)])
