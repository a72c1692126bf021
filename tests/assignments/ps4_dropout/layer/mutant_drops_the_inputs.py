# Mistake: drops inputs instead of activations.
def layer(x, weights, biases, rate, training, generator):
    if training:
        x = x * (generator.random(x.shape) >= rate) / (1 - rate)
    return np.maximum(0, x @ weights + biases)
