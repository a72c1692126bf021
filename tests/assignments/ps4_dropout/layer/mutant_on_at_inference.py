# Mistake: leaves dropout on at inference.
def layer(x, weights, biases, rate, training, generator):
    activations = np.maximum(0, x @ weights + biases)
    if generator is None:
        generator = np.random.default_rng(1)
    return activations * (generator.random(activations.shape) >= rate) / (1 - rate)
