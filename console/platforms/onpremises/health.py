"""What `GET /v1/health` tells [S-OAS, S-360H]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.standing import Health
from console.platforms.base import HealthAnswer
from console.platforms.onpremises import wire
from console.platforms.onpremises.answers import error_of, json_of, not_documented

if TYPE_CHECKING:
    from console.platforms.onpremises.exchange import Reply

_WORDS = {
    health.value: health
    for health in (
        Health.CONNECTED,
        Health.CONNECTING,
        Health.DISCONNECTED,
        Health.UNINITIALIZED,
        Health.UNREGISTERED,
    )
}
"""The five words of `gateway_status`, best first."""

_WORD_LIMIT = 64
_DETAIL_LIMIT = 200
_REMEDY = "Check the client's logs, and that API_URL is its address."


def health_answer(reply: Reply) -> HealthAnswer:
    """The health in one word: of a cluster that of its best node, with all nodes in `detail`.

    In high availability one node is connected while the others read `disconnected` and are well.
    """
    if not 200 <= reply.status < 300:
        return HealthAnswer(health=Health.UNKNOWN, error=error_of(reply), remedy=_REMEDY)
    value = json_of(reply)
    told = value.get("health") if isinstance(value, dict) else None
    if isinstance(told, dict) and not ("gateway_status" in told or "errors" in told):
        nodes = {str(name)[:_WORD_LIMIT]: _word(node) for name, node in told.items()}
    else:
        nodes = {"": _word(told)}
    words = [word for word in nodes.values() if word is not None]
    if not words:
        has_errors = isinstance(value, dict) and value.get("errors")
        error = error_of(reply) if has_errors else not_documented(reply, "It tells no health.")
        return HealthAnswer(health=Health.UNKNOWN, error=error, remedy=_REMEDY)
    best = next((health for word, health in _WORDS.items() if word in words), Health.UNKNOWN)
    return HealthAnswer(health=best, detail=_detail(nodes, best))


def _word(node: object) -> str | None:
    """A node's `gateway_status`, its error in words, or the bare text that the schema allows."""
    if isinstance(node, dict):
        status = wire.text(node.get("gateway_status"), _WORD_LIMIT)
        if status is not None:
            return status.lower()
        errors = node.get("errors")
        for error in errors if isinstance(errors, list) else []:
            if isinstance(error, dict):
                code, title = wire.error_code(error.get("code")), wire.text(error.get("title"), _WORD_LIMIT)
                return f"error {code} {title or ''}".rstrip()
        return None
    return node[:_WORD_LIMIT].lower() or None if isinstance(node, str) else None


def _detail(nodes: dict[str, str | None], best: Health) -> str | None:
    if len(nodes) > 1:
        return ", ".join(f"{name} {word or 'unknown'}" for name, word in nodes.items())[:_DETAIL_LIMIT]
    word = next(iter(nodes.values()))
    return word if best is Health.UNKNOWN else None
