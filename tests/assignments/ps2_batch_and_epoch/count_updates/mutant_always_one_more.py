# Mistake: adds a batch for the rest even where there is no rest.
def count_updates(n, batch_size, epochs):
    an_epoch = n // batch_size + 1
    return an_epoch, an_epoch * epochs, n % batch_size or batch_size
