# Mistake: one batch more even where they divide evenly.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    return rate / (1 + decay * epoch * (samples // batch_size + 1))
