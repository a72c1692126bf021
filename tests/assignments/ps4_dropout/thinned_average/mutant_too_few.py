# Mistake: ten passes, whatever was asked for.
def thinned_average(model, x, passes):
    outputs = [np.asarray(model(x, training=True))[:, 0] for _ in range(10)]
    return np.mean(outputs, axis=0)
