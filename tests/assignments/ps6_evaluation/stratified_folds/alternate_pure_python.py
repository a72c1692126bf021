# Differs: the random module, dicts and lists; the folds are dealt out like cards, on from kind to kind.
import random


def stratified_folds(kinds, k, seed):
    generator = random.Random(seed)
    rows_of = {}
    for row, kind in enumerate(kinds):
        rows_of.setdefault(int(kind), []).append(row)
    folds, turn = [0] * len(kinds), 0
    for rows in rows_of.values():
        generator.shuffle(rows)
        for row in rows:
            folds[row] = turn % k
            turn += 1
    return folds
