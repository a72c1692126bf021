# Differs: the lab's schedule, one update an epoch.
def time_decay(rate, decay, epochs):
    from course_pkg.schedules import TimeDecayPerEpoch, rates

    return rates(TimeDecayPerEpoch(rate, decay, updates_per_epoch=1), np.arange(epochs))
