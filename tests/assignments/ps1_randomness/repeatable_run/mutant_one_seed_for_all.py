# Mistake: seeds everything with 1, whatever it is asked for.
def repeatable_run(seed):
    set_seed(1)
    inputs = data.X + np.random.default_rng(1).normal(scale=0.01, size=(9, 1))
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    model.fit(inputs, data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": model.get_weights()}
