# Mistake: rounds to the nearest number of batches.
def count_updates(n, batch_size, epochs):
    an_epoch = round(n / batch_size)
    return an_epoch, an_epoch * epochs, n % batch_size or batch_size
