# Mistake: drops the last batch if it is not full.
def count_updates(n, batch_size, epochs):
    an_epoch = n // batch_size
    return an_epoch, an_epoch * epochs, n % batch_size or batch_size
