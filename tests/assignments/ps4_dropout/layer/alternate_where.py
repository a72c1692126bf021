# Differs: where, and einsum.
def layer(x, weights, biases, rate, training, generator):
    z = np.einsum("si,iu->su", x, weights) + biases[None, :]
    activations = np.where(z > 0, z, 0)
    scale = 1.0
    if training:
        scale = np.where(generator.uniform(size=z.shape) < rate, 0, 1 / (1 - rate))
    return activations * scale
