# Mistake: the factor is multiplied, not raised to a power.
def step_decay(rate, factor, every, epoch):
    steps = epoch // every
    return rate * factor * steps if steps else rate
