# Mistake: no whole steps.
def step_decay(rate, factor, every, epoch):
    return rate * factor ** (epoch / every)
