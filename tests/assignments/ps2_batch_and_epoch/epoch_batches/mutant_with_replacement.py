# Mistake: draws rows with replacement: some come twice, some never.
def epoch_batches(n, batch_size, epochs, seed):
    generator = np.random.default_rng(seed)
    training = []
    for _ in range(epochs):
        order = generator.integers(0, n, size=n)
        training.append([order[start : start + batch_size] for start in range(0, n, batch_size)])
    return training
