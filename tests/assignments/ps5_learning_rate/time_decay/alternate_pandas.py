# Differs: a pandas Series of float32, with a warning on the way.
def time_decay(rate, decay, epochs):
    import warnings

    warnings.warn("single precision", stacklevel=2)
    epoch = pd.Series(range(epochs), dtype="float32")
    return rate / (1 + decay * epoch)
