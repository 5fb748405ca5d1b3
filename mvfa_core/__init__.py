"""Multi-view feature augmentation with adaptive class activation mapping: the paper, without any screen."""

from mvfa_core import explain
from mvfa_core.adoption import adopt
from mvfa_core.checkpoints import load_model, save_model
from mvfa_core.losses import mfa_loss
from mvfa_core.model import GAP, MFA, build_model
from mvfa_core.stages import Stages

__all__ = ["GAP", "MFA", "Stages", "adopt", "build_model", "explain", "load_model", "mfa_loss", "save_model"]
