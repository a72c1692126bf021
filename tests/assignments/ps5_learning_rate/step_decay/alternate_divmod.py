# Differs: divmod and a logarithm.
def step_decay(rate, factor, every, epoch):
    import math

    steps, _ = divmod(epoch, every)
    return math.exp(math.log(rate) + steps * math.log(factor))
