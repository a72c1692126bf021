# Mistake: mends the jitter, and leaves the seed after the initial weights.
def repeatable_run(seed):
    inputs = data.X + np.random.default_rng(seed).normal(scale=0.01, size=(9, 1))
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    keras.utils.set_random_seed(seed)
    model.fit(inputs, data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": model.get_weights()}
