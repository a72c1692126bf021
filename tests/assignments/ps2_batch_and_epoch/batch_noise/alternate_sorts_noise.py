# Differs: vectorised: the first places of sorted random numbers are a batch.
def batch_noise(single, batch_size, batches, seed):
    single = np.asarray(single)
    keys = np.random.default_rng(seed).random((batches, len(single)))
    rows = keys.argsort(axis=1)[:, :batch_size]
    off = single[rows].mean(axis=1) - single.mean(axis=0)
    return np.einsum("ij,ij->i", off, off).mean()
