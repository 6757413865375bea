"""Energy as counters that never fall, made of registers that do: lifetime values dip, day values start anew.

Pure: values and moments in, totals out. What an account has counted is kept in its state (``refresh/persistence``).
"""
