# Mistake: one epoch too many.
def time_decay(rate, decay, epochs):
    return [rate / (1 + decay * epoch) for epoch in range(epochs + 1)]
