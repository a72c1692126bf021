# Differs: one step after the other.
def step_decay(rate, factor, every, epoch):
    current = rate
    for e in range(1, epoch + 1):
        if e % every == 0:
            current = current * factor
    return current
