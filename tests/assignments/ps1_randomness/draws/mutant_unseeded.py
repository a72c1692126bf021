# Mistake: seeds NumPy's old global generator, which default_rng does not use.
def draws(seed, runs, size):
    np.random.seed(seed)
    return np.random.default_rng().standard_normal((runs, size))
