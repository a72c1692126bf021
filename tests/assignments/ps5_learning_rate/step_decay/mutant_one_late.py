# Mistake: a step one epoch too late.
def step_decay(rate, factor, every, epoch):
    return rate * factor ** (max(epoch - 1, 0) // every)
