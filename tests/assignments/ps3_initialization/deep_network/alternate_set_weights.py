# Differs: draws the kernels with NumPy and puts them into the model.
def deep_network(inputs, units, activation, seed):
    generator = np.random.default_rng(seed)
    model = keras.Sequential([keras.Input((inputs,))])
    for width in units:
        model.add(keras.layers.Dense(width, activation=activation))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    for layer in model.layers:
        n, m = layer.kernel.shape
        variance = 2 / n if activation == "relu" else 2 / (n + m)
        layer.set_weights([generator.normal(0, variance**0.5, size=(n, m)), np.zeros(m)])
    return model
