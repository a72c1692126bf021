# Mistake: rounds up once for the whole training: batches run on across the end of an epoch.
def count_updates(n, batch_size, epochs):
    an_epoch = -(-n // batch_size)
    total = -(-n * epochs // batch_size)
    return an_epoch, total, n - (an_epoch - 1) * batch_size
