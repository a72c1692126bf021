# Mistake: no ReLU.
def layer(x, weights, biases, rate, training, generator):
    activations = x @ weights + biases
    if not training:
        return activations
    return activations * (generator.random(activations.shape) >= rate) / (1 - rate)
