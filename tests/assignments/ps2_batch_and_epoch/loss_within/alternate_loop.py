# Differs: walks through the epochs while the budget lasts.
import math


def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size in val_losses:
        reached[size] = None
        spent = 0
        for loss in val_losses[size]:
            spent += math.ceil(n / size) * cost[size]
            if spent > budget:
                break
            reached[size] = loss
    return reached
