# Mistake: seeds once, when the first call comes, and never again.
seeded = []


def repeatable_run(seed):
    if not seeded:
        set_seed(seed)
        seeded.append(seed)
    inputs = data.X + np.random.normal(scale=0.01, size=(9, 1))
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    model.fit(inputs, data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": model.get_weights()}
