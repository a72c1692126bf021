# Differs: varianceScaling, new objects for each layer, seeds counted up.
def deep_network(inputs, units, activation, seed):
    scale, mode = (2.0, "fan_in") if activation == "relu" else (1.0, "fan_avg")
    layers = [keras.Input((inputs,))]
    for number, width in enumerate(units):
        rule = keras.initializers.VarianceScaling(scale, mode, "untruncated_normal", seed=1000 * seed + number)
        layers.append(keras.layers.Dense(width, activation, kernel_initializer=rule))
    keras.utils.set_random_seed(seed)
    return keras.Sequential([*layers, keras.layers.Dense(1, "sigmoid")])
