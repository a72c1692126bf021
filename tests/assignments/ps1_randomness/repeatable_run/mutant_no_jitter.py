# Mistake: throws the noise away, and with it the experiment.
def repeatable_run(seed):
    set_seed(seed)
    inputs = data.X
    model = networks.mlp(1, 10, activation="linear", optimizer="sgd", loss="mse")
    model.fit(inputs, data.y, epochs=3, batch_size=4, verbose=0)
    return {"inputs": inputs, "weights": model.get_weights()}
