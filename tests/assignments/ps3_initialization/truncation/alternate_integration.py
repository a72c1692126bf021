# Differs: numerical integration on a grid.
def truncated_std(stddev, cut):
    x = np.linspace(-cut, cut, 20_001)
    density = np.exp(-(x**2) / 2)
    return stddev * np.sqrt(np.sum(x**2 * density) / np.sum(density))


def stddev_for(wanted, cut):
    low, high = wanted, 100 * wanted
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if truncated_std(middle, cut) < wanted else (low, middle)
    return middle
