# Mistake: takes the mean over the weights instead of the sum.
def batch_noise(single, batch_size, batches, seed):
    generator = np.random.default_rng(seed)
    full = single.mean(axis=0)
    errors = []
    for _ in range(batches):
        rows = generator.choice(len(single), batch_size, replace=False)
        errors.append(((single[rows].mean(axis=0) - full) ** 2).mean())
    return np.mean(errors)
