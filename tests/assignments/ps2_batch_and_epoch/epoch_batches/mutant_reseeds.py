# Mistake: makes the generator anew in each epoch: all epochs have the same order.
def epoch_batches(n, batch_size, epochs, seed):
    training = []
    for _ in range(epochs):
        order = np.random.default_rng(seed).permutation(n)
        training.append([order[start : start + batch_size] for start in range(0, n, batch_size)])
    return training
