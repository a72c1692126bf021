# Differs: pure Python loops over rows and features; lists and floats.
def sgd_epoch(X, y, w, b, learning_rate, batch_size):
    X, y = [[float(v) for v in row] for row in X], [float(v) for v in y]
    w, b, total = [float(v) for v in w], float(b), 0.0
    for start in range(0, len(X), batch_size):
        stop = min(start + batch_size, len(X))
        gradient, bias = [0.0] * len(w), 0.0
        for i in range(start, stop):
            error = sum(p * q for p, q in zip(X[i], w)) + b - y[i]
            total += error**2
            bias += 2 * error / (stop - start)
            for j in range(len(w)):
                gradient[j] += 2 * error * X[i][j] / (stop - start)
        w = [v - learning_rate * g for v, g in zip(w, gradient)]
        b -= learning_rate * bias
    return w, b, total / len(X)
