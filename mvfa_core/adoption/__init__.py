"""Any classifier that averages its last feature map, as a model of this project, without training.

In reading order: `sources` (where a network comes from), `trace` (one pass written down), `anatomy` (where it takes its
mean and what follows), `network` (cut in two there), `pooling` (MFA with the classifier's own head), `preprocessing`,
`classes`, `exactness` (proved by numbers), `adopt`.
"""

from mvfa_core.adoption.adopt import adopt, at_side
from mvfa_core.adoption.anatomy import NotAdoptableError

__all__ = ["NotAdoptableError", "adopt", "at_side"]
