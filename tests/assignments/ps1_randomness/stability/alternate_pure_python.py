# Differs: pure Python and the statistics module.
import statistics


def stability(predictions, targets):
    runs = [[float(value) for value in row] for row in predictions]
    columns = list(zip(*runs))
    truth = [float(value) for value in targets]

    def error(guesses):
        return sum(abs(g - t) for g, t in zip(guesses, truth)) / len(truth)

    return {
        "different": len({tuple(run) for run in runs}),
        "spread": sum(statistics.stdev(column) for column in columns) / len(columns),
        "error_of_one": sum(error(run) for run in runs) / len(runs),
        "error_of_mean": error([statistics.mean(column) for column in columns]),
    }
