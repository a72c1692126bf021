# Mistake: biases start at random.
def deep_network(inputs, units, activation, seed):
    keras.utils.set_random_seed(seed)
    rule = {"relu": "he_normal", "tanh": "glorot_uniform"}[activation]
    layers = [
        keras.layers.Dense(width, activation, kernel_initializer=rule, bias_initializer="random_normal")
        for width in units
    ]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
