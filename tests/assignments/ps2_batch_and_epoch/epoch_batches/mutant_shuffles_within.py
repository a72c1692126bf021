# Mistake: cuts the sorted rows into batches and shuffles inside each batch.
def epoch_batches(n, batch_size, epochs, seed):
    generator = np.random.default_rng(seed)
    return [
        [generator.permutation(np.arange(start, min(start + batch_size, n))) for start in range(0, n, batch_size)]
        for _ in range(epochs)
    ]
