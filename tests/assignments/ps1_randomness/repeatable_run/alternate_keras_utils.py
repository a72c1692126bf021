# Differs: Keras's own seeding, and the jitter from NumPy's global generator that it seeds.
def repeatable_run(seed):
    keras.utils.set_random_seed(seed)
    inputs = data.X + np.random.normal(scale=0.01, size=(9, 1))
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    model.fit(inputs, data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": model.get_weights()}
