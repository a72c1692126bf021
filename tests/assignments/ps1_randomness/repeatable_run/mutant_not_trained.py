# Mistake: returns the initial weights: nothing is trained, so nothing can differ.
def repeatable_run(seed):
    set_seed(seed)
    inputs = data.X + np.random.default_rng(seed).normal(scale=0.01, size=(9, 1))
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    return {"inputs": inputs, "weights": model.get_weights()}
