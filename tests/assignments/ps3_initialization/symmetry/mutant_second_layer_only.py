# Mistake: uses the initializer for the output kernel only.
def distinct_units(weights):
    entering, biases, leaving = (np.asarray(array) for array in weights[:3])
    units = np.column_stack([entering.T, biases, leaving])
    return len(np.unique(units, axis=0))


def train_from(kernel, bias, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(8, "relu", bias_initializer=bias),
            keras.layers.Dense(1, "sigmoid", kernel_initializer=kernel),
        ]
    )
    model.compile(keras.optimizers.SGD(0.03), "binary_crossentropy")
    model.fit(moons.X, moons.y, batch_size=20, epochs=5, verbose=0)
    return model.get_weights()
