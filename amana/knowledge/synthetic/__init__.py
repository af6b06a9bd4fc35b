"""Synthetic rows with differential privacy: rows that nobody is, with the counts of many.

`fit` counts real rows with noise; `draw` makes rows of those noisy counts alone, so it costs no
privacy and can be repeated; `report` says how near they came, from real counts, for inside.
"""

from amana.knowledge.synthetic.counts import Noisy, Plan
from amana.knowledge.synthetic.fitting import fit
from amana.knowledge.synthetic.quality import Quality, codebook, report
from amana.knowledge.synthetic.rows import draw

__all__ = ["Noisy", "Plan", "Quality", "codebook", "draw", "fit", "report"]
