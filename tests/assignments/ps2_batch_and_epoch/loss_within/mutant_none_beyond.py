# Mistake: gives None where the training was shorter than the budget.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        updates = -(-n // size)
        epochs = budget // (updates * cost[size])
        reached[size] = losses[epochs - 1] if 0 < epochs <= len(losses) else None
    return reached
