# Mistake: scales at inference as well, as the dropout of the first papers did.
def layer(x, weights, biases, rate, training, generator):
    activations = np.maximum(0, x @ weights + biases)
    if not training:
        return activations * (1 - rate)
    return activations * (generator.random(activations.shape) >= rate) / (1 - rate)
