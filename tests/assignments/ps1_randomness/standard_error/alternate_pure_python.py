# Differs: pure Python, in a loop.
def standard_error(values):
    n = len(values)
    mean = sum(values) / n
    squares = 0
    for value in values:
        squares += (value - mean) ** 2
    return (squares / (n - 1)) ** 0.5 / n**0.5
