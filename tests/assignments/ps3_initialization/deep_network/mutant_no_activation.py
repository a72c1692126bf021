# Mistake: forgets the activation of the hidden layers.
def deep_network(inputs, units, activation, seed):
    keras.utils.set_random_seed(seed)
    rule = {"relu": "he_normal", "tanh": "glorot_uniform"}[activation]
    layers = [keras.layers.Dense(width, kernel_initializer=rule) for width in units]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
