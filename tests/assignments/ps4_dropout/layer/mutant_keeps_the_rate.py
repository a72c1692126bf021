# Mistake: keeps with probability `rate`.
def layer(x, weights, biases, rate, training, generator):
    activations = np.maximum(0, x @ weights + biases)
    if not training:
        return activations
    return activations * (generator.random(activations.shape) < rate) / (1 - rate)
