# Differs: fingerprints and the lab's replicate.
from course_pkg.replicates import replicate
from course_pkg.seeds import fingerprint


def distinct_units(weights):
    entering, biases, leaving = (np.array(array, dtype=float) + 0.0 for array in weights[:3])
    rows = np.hstack([entering.T, biases[:, None], leaving])
    return np.int64(len({fingerprint(row) for row in rows}))


def train_from(kernel, bias, seed):
    def build():
        layers = [
            keras.Input((2,)),
            keras.layers.Dense(8, "relu", kernel_initializer=kernel, bias_initializer=bias),
            keras.layers.Dense(1, "sigmoid", kernel_initializer=kernel),
        ]
        model = keras.Sequential(layers)
        model.compile(optimizer=keras.optimizers.SGD(0.03), loss="binary_crossentropy")
        return model

    return replicate(build, moons.X, moons.y, seeds=[seed], epochs=5, batch_size=20).weights(seed)
