# Mistake: rounds to the nearest step.
def step_decay(rate, factor, every, epoch):
    return rate * factor ** round(epoch / every)
