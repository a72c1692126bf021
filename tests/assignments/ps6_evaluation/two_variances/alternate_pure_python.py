# Differs: the statistics module, row by row.
import statistics


def two_variances(table):
    rows = [[float(score) for score in row] for row in table]
    training = statistics.mean([statistics.variance(row) for row in rows])
    between = statistics.variance([statistics.mean(row) for row in rows])
    data = between - training / len(rows[0])
    if data < 0:
        data = 0
    if data == 0:
        return {"share": 0, "data": 0, "training": training}
    return {"share": data / (data + training), "data": data, "training": training}
