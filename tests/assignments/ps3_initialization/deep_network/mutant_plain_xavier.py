# Mistake: takes the plain Xavier for tanh.
def deep_network(inputs, units, activation, seed):
    keras.utils.set_random_seed(seed)
    rule = {"relu": "he_normal", "tanh": keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")}[activation]
    layers = [keras.layers.Dense(width, activation, kernel_initializer=rule) for width in units]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1, "sigmoid")])
