# Differs: walks through one epoch and counts; a list of Python integers.
def count_updates(n, batch_size, epochs):
    sizes = []
    left = n
    while left > 0:
        sizes.append(min(batch_size, left))
        left -= sizes[-1]
    return [len(sizes), len(sizes) * epochs, sizes[-1]]
