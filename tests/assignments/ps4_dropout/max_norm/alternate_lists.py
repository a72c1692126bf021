# Differs: pure Python, and a list of lists.
def max_norm(weights, limit):
    import math

    columns = []
    for column in zip(*weights.tolist()):
        length = math.sqrt(sum(w * w for w in column))
        columns.append([w * limit / length for w in column] if length > limit else list(column))
    return [list(row) for row in zip(*columns)]
