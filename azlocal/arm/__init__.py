"""Azure Resource Manager: the control plane and the resource types it knows."""

from azlocal.arm.control import ControlPlane
from azlocal.arm.errors import ArmError
from azlocal.arm.messages import ArmRequest, ArmResponse

__all__ = ["ArmError", "ArmRequest", "ArmResponse", "ControlPlane"]
