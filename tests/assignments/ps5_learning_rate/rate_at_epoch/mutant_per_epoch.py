# Mistake: the decay acts once an epoch.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    return rate / (1 + decay * epoch)
