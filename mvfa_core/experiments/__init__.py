"""The paper's experiments: what each would train, what of it is done here, and the tables with our figures beside the
paper's.

    tables.py     the paper's numbers
    rows.py       a row of a table: from a dataset and a seed to a complete recipe
    plan.py       the experiments, and the cells of each: one row on one dataset with one seed
    standing.py   how far a cell is, from its run folder alone
    cost.py       what a cell will take on this machine
    work.py       the cells through a bounded queue of processes
    results.py    the file of everything that was measured
    report.py     a table, ours beside the paper's
    formats.py    the table as Markdown, CSV and LaTeX
"""
