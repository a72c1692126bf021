# Mistake: shuffles only after the first epoch.
def epoch_batches(n, batch_size, epochs, seed):
    generator = np.random.default_rng(seed)
    order = np.arange(n)
    training = []
    for _ in range(epochs):
        training.append([order[start : start + batch_size] for start in range(0, n, batch_size)])
        order = generator.permutation(n)
    return training
