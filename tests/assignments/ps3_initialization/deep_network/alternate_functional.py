# Differs: the functional API, Activation layers of their own, He uniform, a seed for each layer.
def deep_network(inputs, units, activation, seed):
    rule = keras.initializers.HeUniform if activation == "relu" else keras.initializers.GlorotNormal
    children = np.random.default_rng(seed).integers(0, 2**31, size=len(units) + 1).tolist()
    tensor = first = keras.Input(shape=(inputs,))
    for width, child in zip(units, children):
        tensor = keras.layers.Dense(width, kernel_initializer=rule(seed=child))(tensor)
        tensor = keras.layers.Activation(activation)(tensor)
    last = keras.layers.Dense(
        1, activation="sigmoid", kernel_initializer=keras.initializers.GlorotUniform(seed=children[-1])
    )
    return keras.Model(first, last(tensor))
