# Mistake: makes the generator anew for each batch: always the same batch.
def batch_noise(single, batch_size, batches, seed):
    full = single.mean(axis=0)
    errors = []
    for _ in range(batches):
        rows = np.random.default_rng(seed).choice(len(single), batch_size, replace=False)
        errors.append(((single[rows].mean(axis=0) - full) ** 2).sum())
    return np.mean(errors)
