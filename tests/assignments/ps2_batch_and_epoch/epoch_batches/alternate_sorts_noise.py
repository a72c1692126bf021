# Differs: NumPy: sorts random numbers, splits at multiples of the batch size; tuples of float row
# numbers.
def epoch_batches(n, batch_size, epochs, seed):
    orders = np.random.default_rng(seed).random((epochs, n)).argsort(axis=1)
    cuts = np.arange(batch_size, n, batch_size)
    return tuple(tuple(np.split(order.astype(float), cuts)) for order in orders)
