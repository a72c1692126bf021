# Differs: math.ceil.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    import math

    return rate / (1 + decay * (epoch * math.ceil(samples / batch_size)))
