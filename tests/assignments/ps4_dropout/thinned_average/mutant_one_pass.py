# Mistake: averages one and the same pass.
def thinned_average(model, x, passes):
    output = np.asarray(model(x, training=True))[:, 0]
    return np.mean([output] * passes, axis=0)
