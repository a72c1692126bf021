# Mistake: averages over the samples.
def thinned_average(model, x, passes):
    outputs = [np.asarray(model(x, training=True))[:, 0] for _ in range(passes)]
    return np.mean(outputs, axis=1)
