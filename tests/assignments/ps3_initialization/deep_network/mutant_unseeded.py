# Mistake: never uses the seed.
def deep_network(inputs, units, activation, seed):
    rule = {"relu": "he_normal", "tanh": "glorot_uniform"}[activation]
    layers = [keras.layers.Dense(width, activation, kernel_initializer=rule) for width in units]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
