# Mistake: takes the cost of an update for that of an epoch.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        updates = -(-n // size)
        epochs = min(budget // (cost[size]), len(losses))
        reached[size] = losses[epochs - 1] if epochs > 0 else None
    return reached
