# Mistake: a fraction of an update.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    return rate / (1 + decay * epoch * samples / batch_size)
