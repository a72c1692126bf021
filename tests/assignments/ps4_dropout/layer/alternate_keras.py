# Differs: Keras's own operations for the dense part.
def layer(x, weights, biases, rate, training, generator):
    activations = keras.ops.convert_to_numpy(keras.ops.relu(np.dot(x, weights) + biases))
    if training:
        mask = generator.binomial(1, 1 - rate, activations.shape)
        activations = activations * mask * (1 / (1 - rate))
    return activations
