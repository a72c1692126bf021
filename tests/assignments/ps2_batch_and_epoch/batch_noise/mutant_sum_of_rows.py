# Mistake: the gradient of a batch is the sum of its rows, compared with the sum of as many full
# gradients.
def batch_noise(single, batch_size, batches, seed):
    generator = np.random.default_rng(seed)
    full = single.mean(axis=0)
    errors = []
    for _ in range(batches):
        rows = generator.choice(len(single), batch_size, replace=False)
        errors.append(((single[rows].sum(axis=0) - batch_size * full) ** 2).sum())
    return np.mean(errors)
