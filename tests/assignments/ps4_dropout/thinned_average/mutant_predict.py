# Mistake: predict switches dropout off.
def thinned_average(model, x, passes):
    outputs = [model.predict(x, verbose=0)[:, 0] for _ in range(passes)]
    return np.mean(outputs, axis=0)
