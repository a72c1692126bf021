# Mistake: does not scale while training.
def layer(x, weights, biases, rate, training, generator):
    activations = np.maximum(0, x @ weights + biases)
    return activations * (generator.random(activations.shape) >= rate) if training else activations
