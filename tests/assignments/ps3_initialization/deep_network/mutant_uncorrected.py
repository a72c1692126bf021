# Mistake: writes the paper's formula into TruncatedNormal, which cuts without making up for it.
def deep_network(inputs, units, activation, seed):
    keras.utils.set_random_seed(seed)
    layers, before = [], inputs
    for width in units:
        variance = 2 / before if activation == "relu" else 2 / (before + width)
        rule = keras.initializers.TruncatedNormal(stddev=variance**0.5)
        layers.append(keras.layers.Dense(width, activation, kernel_initializer=rule))
        before = width
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
