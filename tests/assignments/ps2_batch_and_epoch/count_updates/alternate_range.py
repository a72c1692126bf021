# Differs: the starts of the batches are a range; a tuple with a NumPy integer.
def count_updates(n, batch_size, epochs):
    starts = range(0, n, batch_size)
    return len(starts), np.int64(epochs) * len(starts), n - starts[-1]
