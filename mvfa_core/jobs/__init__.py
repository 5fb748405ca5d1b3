"""Jobs: work that outlives whoever started it, in a process and a folder of its own (training runs, evaluations)."""
