# Mistake: forgets the last, smaller batch.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    return rate / (1 + decay * epoch * (samples // batch_size))
