# Differs: one call for all passes, with every row repeated.
def thinned_average(model, x, passes):
    x = np.asarray(x)
    outputs = np.asarray(model(np.repeat(x, passes, axis=0), training=True))
    return outputs.reshape(len(x), passes).mean(axis=1)
