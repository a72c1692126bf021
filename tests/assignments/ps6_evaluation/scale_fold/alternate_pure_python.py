# Differs: loops over lists, column by column; lists come back.
import statistics


def scale_fold(X, train, validation):
    parts = [[[] for _ in train], [[] for _ in validation]]
    for column in range(X.shape[1]):
        seen = [float(X[row, column]) for row in train]
        mean, unit = statistics.fmean(seen), statistics.pstdev(seen)
        if max(seen) == min(seen):
            unit = 1
        for part, rows in zip(parts, (train, validation)):
            for line, row in zip(part, rows):
                line.append((float(X[row, column]) - mean) / unit)
    return parts
