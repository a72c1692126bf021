# Mistake: one initializer object with one seed for all layers: equal shapes start equal.
def deep_network(inputs, units, activation, seed):
    keras.utils.set_random_seed(seed)
    rule = {"relu": keras.initializers.HeNormal(seed=seed), "tanh": keras.initializers.GlorotUniform(seed=seed)}[
        activation
    ]
    layers = [keras.layers.Dense(width, activation, kernel_initializer=rule) for width in units]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
