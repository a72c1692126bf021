# Mistake: exponential decay.
def time_decay(rate, decay, epochs):
    return rate * np.exp(-decay * np.arange(epochs))
