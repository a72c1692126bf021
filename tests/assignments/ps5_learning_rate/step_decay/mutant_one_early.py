# Mistake: the tutorials' off-by-one, a step one epoch too early.
def step_decay(rate, factor, every, epoch):
    return rate * factor ** ((1 + epoch) // every)
