# Differs: a loop and a list.
def time_decay(rate, decay, epochs):
    rates = []
    for epoch in range(epochs):
        rates.append(rate / (1 + decay * epoch))
    return rates
