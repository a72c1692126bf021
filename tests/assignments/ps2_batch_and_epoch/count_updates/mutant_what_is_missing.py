# Mistake: gives what is missing from a full last batch instead of what is in it.
def count_updates(n, batch_size, epochs):
    an_epoch = -(-n // batch_size)
    return an_epoch, an_epoch * epochs, an_epoch * batch_size - n
