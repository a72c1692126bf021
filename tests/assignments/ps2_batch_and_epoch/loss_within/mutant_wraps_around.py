# Mistake: where no epoch is finished, the index -1 takes the last loss.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        updates = -(-n // size)
        epochs = min(budget // (updates * cost[size]), len(losses))
        reached[size] = losses[epochs - 1]
    return reached
