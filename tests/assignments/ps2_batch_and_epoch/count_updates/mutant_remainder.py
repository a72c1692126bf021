# Mistake: the last batch is the remainder, which is 0 where the batch size divides n.
def count_updates(n, batch_size, epochs):
    an_epoch = -(-n // batch_size)
    return an_epoch, an_epoch * epochs, n % batch_size
