# Mistake: counts epochs from 1.
def time_decay(rate, decay, epochs):
    return rate / (1 + decay * np.arange(1, epochs + 1))
