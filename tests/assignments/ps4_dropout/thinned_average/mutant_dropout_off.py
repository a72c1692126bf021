# Mistake: dropout is off.
def thinned_average(model, x, passes):
    outputs = [np.asarray(model(x, training=False))[:, 0] for _ in range(passes)]
    return np.mean(outputs, axis=0)
