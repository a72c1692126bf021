# Differs: a running mean in pure Python, and a list.
def thinned_average(model, x, passes):
    mean = [0.0] * len(x)
    for done in range(1, passes + 1):
        output = model(x, training=True).numpy().ravel().tolist()
        mean = [old + (new - old) / done for old, new in zip(mean, output)]
    return mean
