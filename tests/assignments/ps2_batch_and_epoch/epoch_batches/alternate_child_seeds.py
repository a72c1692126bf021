# Differs: a generator of its own for each epoch, from the seed and the number of the epoch.
def epoch_batches(n, batch_size, epochs, seed):
    training = []
    for epoch in range(epochs):
        order = np.arange(n, dtype="int32")
        np.random.default_rng([seed, epoch]).shuffle(order)
        training.append([order[start : start + batch_size].tolist() for start in range(0, n, batch_size)])
    return training
