# Differs: the lab counts the updates.
def rate_at_epoch(rate, decay, epoch, samples, batch_size):
    from course_pkg.schedules import updates_per_epoch

    return rate / (1 + decay * epoch * updates_per_epoch(samples, batch_size))
