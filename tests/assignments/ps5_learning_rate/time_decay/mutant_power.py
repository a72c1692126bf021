# Mistake: the power of the factor, as in step decay.
def time_decay(rate, decay, epochs):
    return rate / (1 + decay) ** np.arange(epochs)
