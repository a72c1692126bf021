# Differs: the first rows of a fresh permutation; returns an array of one number in float32.
def batch_noise(single, batch_size, batches, seed):
    generator = np.random.default_rng(seed)
    centred = single - single.mean(axis=0)
    means = np.array([generator.permutation(centred)[:batch_size].mean(axis=0) for _ in range(batches)])
    return np.float32((means**2).sum(axis=1).mean())
