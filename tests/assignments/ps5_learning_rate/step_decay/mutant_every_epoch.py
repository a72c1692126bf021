# Mistake: a step every epoch from the first step on.
def step_decay(rate, factor, every, epoch):
    return rate * factor ** max(0, epoch - every + 1)
