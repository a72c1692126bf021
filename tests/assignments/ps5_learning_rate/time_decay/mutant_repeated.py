# Mistake: applies the formula to the last rate instead of the initial one.
def time_decay(rate, decay, epochs):
    rates = [rate]
    for epoch in range(1, epochs):
        rates.append(rates[-1] / (1 + decay * epoch))
    return rates
