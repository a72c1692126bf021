# Differs: NumPy's floor.
def step_decay(rate, factor, every, epoch):
    return np.float64(rate) * np.power(float(factor), np.floor(epoch / every))
