"""Azure's refusals, as a sentence and a way out."""

from __future__ import annotations

import re

HINTS = {
    "AuthorizationFailed": "the principal lacks a role at that scope: ask for it, or use another principal",
    "AuthorizationPermissionMismatch": "the principal needs Storage Blob Data Contributor on the lake's container",
    "ResourceNotFound": "bring the platform up first, and check STACK_OUTPUTS",
    "ResourceGroupNotFound": "bring the platform up first, and check STACK_OUTPUTS",
    "SubscriptionNotFound": "check AZURE_SUBSCRIPTION_ID",
}


def explain(error: Exception) -> tuple[str, str] | None:
    """Message and hint for what Azure or the way to it refused; None for what is a fault of this program."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

    if isinstance(error, ClientAuthenticationError):
        return first_line(str(error)), "check the credential that azure-identity finds: AZURE_TENANT_ID and its like"
    if isinstance(error, HttpResponseError):
        code = error_code(error)
        return f"Azure refused: {first_line(error.message)}", HINTS.get(code, "")
    if isinstance(error, ServiceRequestError):
        return f"Azure cannot be reached: {first_line(str(error))}", "check the network and HTTPS_PROXY"
    from azure.ai.ml.exceptions import MlException

    if isinstance(error, MlException):
        return sdk_sentence(str(error)), ""
    return None


def sdk_sentence(text: str) -> str:
    """What the SDK found wrong, without the colours and the advice on its own CLI that it sets around it."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    details = re.findall(r"^\(x\) (.+?)(?=\n\s*\n|\n\(x\)|\Z)", plain, flags=re.MULTILINE | re.DOTALL)
    return "; ".join(" ".join(detail.split()) for detail in details) or plain.strip()


def error_code(error: object) -> str:
    """Azure's code in an error: of the ARM body, or of the storage service's header."""
    body = getattr(error, "error", None)
    return str(getattr(body, "code", None) or getattr(error, "error_code", None) or "")


def first_line(text: str) -> str:
    """The sentence of a message that Azure's SDKs fill up with the whole response."""
    return text.strip().splitlines()[0] if text.strip() else "no message"
