# Differs: a set of tuples; initializers that are called by hand, an unshuffled training.
def distinct_units(weights):
    kernel, bias, out, _ = [np.asarray(array).tolist() for array in weights]
    return len({(tuple(row[j] for row in kernel), bias[j], tuple(out[j])) for j in range(len(bias))})


def train_from(kernel, bias, seed):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((2,))
    hidden = keras.layers.Dense(8, activation="relu", kernel_initializer=kernel, bias_initializer=bias)(inputs)
    outputs = keras.layers.Dense(1, activation="sigmoid", kernel_initializer=kernel, bias_initializer="zeros")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.03), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(moons.X, moons.y, batch_size=20, epochs=5, verbose=0, shuffle=False)
    return [array.tolist() for array in model.get_weights()]
