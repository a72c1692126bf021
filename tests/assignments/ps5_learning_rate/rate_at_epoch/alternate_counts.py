# Differs: counts the batches one by one.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    updates = 0
    for _ in range(epoch):
        for _start in range(0, samples, batch_size):
            updates += 1
    return np.float64(rate) / (1.0 + decay * updates)
