# Mistake: shuffles the batches, not the rows: the same rows stay together for ever.
def epoch_batches(n, batch_size, epochs, seed):
    generator = np.random.default_rng(seed)
    batches = [np.arange(start, min(start + batch_size, n)) for start in range(0, n, batch_size)]
    full = len(batches) - (n % batch_size > 0)
    training = []
    for _ in range(epochs):
        order = list(generator.permutation(full)) + list(range(full, len(batches)))
        training.append([batches[place] for place in order])
    return training
