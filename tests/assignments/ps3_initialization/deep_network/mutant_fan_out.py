# Mistake: He with fan-out for fan-in.
def deep_network(inputs, units, activation, seed):
    keras.utils.set_random_seed(seed)
    rule = {"relu": keras.initializers.VarianceScaling(2.0, "fan_out", seed=None), "tanh": "glorot_uniform"}[activation]
    layers = [keras.layers.Dense(width, activation, kernel_initializer=rule) for width in units]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
