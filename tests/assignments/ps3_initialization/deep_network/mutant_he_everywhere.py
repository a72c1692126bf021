# Mistake: takes He for tanh, too.
def deep_network(inputs, units, activation, seed):
    keras.utils.set_random_seed(seed)
    rule = {"relu": "he_normal", "tanh": "he_normal"}[activation]
    layers = [keras.layers.Dense(width, activation, kernel_initializer=rule) for width in units]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
