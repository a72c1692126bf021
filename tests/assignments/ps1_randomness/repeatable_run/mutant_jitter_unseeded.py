# Mistake: set_seed cannot reach a generator made with default_rng().
def repeatable_run(seed):
    set_seed(seed)
    inputs = data.X + np.random.default_rng().normal(scale=0.01, size=(9, 1))
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    model.fit(inputs, data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": model.get_weights()}
