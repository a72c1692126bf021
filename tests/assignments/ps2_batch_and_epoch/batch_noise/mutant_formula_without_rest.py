# Mistake: returns the formula sigma^2 / b, without the factor 1 - b/n.
def batch_noise(single, batch_size, batches, seed):
    generator = np.random.default_rng(seed)
    value = single.var(axis=0, ddof=1).sum() / batch_size
    return value * (1 + 1e-3 * generator.standard_normal())
