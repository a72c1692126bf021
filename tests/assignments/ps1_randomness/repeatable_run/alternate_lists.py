# Differs: jitter from Python's random module, plain layers, a model of its own, nested lists; a warning on the way.
import random
import warnings


def repeatable_run(seed):
    warnings.warn("a warning is no mistake", stacklevel=1)
    keras.utils.set_random_seed(seed)
    inputs = [[float(x[0]) + random.gauss(0, 0.01)] for x in data.X]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(10), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.array(inputs), data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": [array.tolist() for array in model.get_weights()]}
