# Mistake: forgets to divide.
def thinned_average(model, x, passes):
    return sum(np.asarray(model(x, training=True))[:, 0] for _ in range(passes))
