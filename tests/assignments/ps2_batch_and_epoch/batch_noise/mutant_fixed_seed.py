# Mistake: always the same seed.
def batch_noise(single, batch_size, batches, seed):
    generator = np.random.default_rng(0)
    full = single.mean(axis=0)
    errors = []
    for _ in range(batches):
        rows = generator.choice(len(single), batch_size, replace=False)
        errors.append(((single[rows].mean(axis=0) - full) ** 2).sum())
    return np.mean(errors)
