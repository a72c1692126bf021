# Mistake: the two cases are the wrong way round.
def layer(x, weights, biases, rate, training, generator):
    activations = np.maximum(0, x @ weights + biases)
    if training:
        return activations
    generator = generator or np.random.default_rng(1)
    return activations * (generator.random(activations.shape) >= rate) / (1 - rate)
