# Mistake: draws rows with replacement: the factor 1 - b/n is lost.
def batch_noise(single, batch_size, batches, seed):
    generator = np.random.default_rng(seed)
    full = single.mean(axis=0)
    errors = []
    for _ in range(batches):
        rows = generator.choice(len(single), batch_size, replace=True)
        errors.append(((single[rows].mean(axis=0) - full) ** 2).sum())
    return np.mean(errors)
