# Mistake: a generator outside the function goes on from call to call.
generator = np.random.default_rng(1)


def repeatable_run(seed):
    set_seed(seed)
    inputs = data.X + generator.normal(scale=0.01, size=(9, 1))
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    model.fit(inputs, data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": model.get_weights()}
