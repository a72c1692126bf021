# Mistake: cuts one shuffled epoch into batches again and again, with the same order.
def batch_noise(single, batch_size, batches, seed):
    order = np.random.default_rng(seed).permutation(len(single))
    full = single.mean(axis=0)
    errors = []
    for number in range(batches):
        start = number * batch_size % (len(single) - batch_size + 1)
        rows = order[start : start + batch_size]
        errors.append(((single[rows].mean(axis=0) - full) ** 2).sum())
    return np.mean(errors)
