# Mistake: the end of the epoch, not its beginning.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    return rate / (1 + decay * (epoch + 1) * int(np.ceil(samples / batch_size)))
