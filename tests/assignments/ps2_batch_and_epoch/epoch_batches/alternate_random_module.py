# Differs: pure Python: the random module, lists of integers.
import random


def epoch_batches(n, batch_size, epochs, seed):
    shuffler = random.Random(seed)
    training = []
    for _ in range(epochs):
        order = list(range(n))
        shuffler.shuffle(order)
        batches = []
        while order:
            batches.append(order[:batch_size])
            order = order[batch_size:]
        training.append(batches)
    return training
