# Mistake: never uses the seed: each call gives other batches.
def epoch_batches(n, batch_size, epochs, seed):
    generator = np.random.default_rng()
    training = []
    for _ in range(epochs):
        order = generator.permutation(n)
        training.append([order[start : start + batch_size] for start in range(0, n, batch_size)])
    return training
