# Mistake: a straight line.
def time_decay(rate, decay, epochs):
    return rate * (1 - decay * np.arange(epochs))
