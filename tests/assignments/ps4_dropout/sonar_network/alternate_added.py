# Differs: layers added one by one, with NumPy numbers and names of their own.
def sonar_network(visible, hidden):
    model = keras.Sequential(name="sonar")
    model.add(keras.layers.InputLayer(shape=(60,)))
    model.add(keras.layers.Dropout(float(np.float64(visible)), name="visible"))
    for number, units in enumerate([60, 30]):
        model.add(keras.layers.Dense(units, "relu", kernel_constraint="max_norm", name=f"hidden_{number}"))
        model.layers[-1].kernel_constraint = keras.constraints.max_norm(3)
        model.add(keras.layers.Dropout(hidden, seed=number))
    model.add(keras.layers.Dense(1, "sigmoid"))
    model.compile("sgd", "binary_crossentropy")
    model.optimizer.learning_rate = 0.1
    model.optimizer.momentum = 0.9
    return model
