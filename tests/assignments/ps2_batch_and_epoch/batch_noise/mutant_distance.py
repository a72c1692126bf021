# Mistake: takes the distance, not the squared one.
def batch_noise(single, batch_size, batches, seed):
    generator = np.random.default_rng(seed)
    full = single.mean(axis=0)
    errors = []
    for _ in range(batches):
        rows = generator.choice(len(single), batch_size, replace=False)
        errors.append(np.linalg.norm(single[rows].mean(axis=0) - full))
    return np.mean(errors)
