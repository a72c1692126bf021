# Differs: NumPy: rounds up a quotient, returns an array of floats.
def count_updates(n, batch_size, epochs):
    an_epoch = np.ceil(n / batch_size)
    return np.array([an_epoch, an_epoch * epochs, n - (an_epoch - 1) * batch_size])
