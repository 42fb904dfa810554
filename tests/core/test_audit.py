"""How actors and their deeds are spelt."""

import pytest

from tidings.core.audit import Actor, ActorKind, AuditAction, check_actor
from tidings.core.ids import ID_ENTROPY, audit_id, id_floor
from tidings.errors import InvalidArgument


@pytest.mark.parametrize("kind", ActorKind)
def test_an_actor_is_spelt_by_kind_and_name(kind: ActorKind) -> None:
    assert str(Actor(kind, "a:b", None)) == f"{kind}:a:b"
    check_actor(f"{kind}:a:b")


@pytest.mark.parametrize("text", ["", "billing", "token", "token:", ":billing", "Token:billing", "nobody:billing"])
def test_what_names_no_actor_is_refused_with_the_kinds_there_are(text: str) -> None:
    with pytest.raises(InvalidArgument, match="kind:name, and the kind is one of api_key, token") as refused:
        check_actor(text)
    assert refused.value.field == "actor"


def test_an_action_is_a_noun_and_a_verb() -> None:
    for action in AuditAction:
        noun, _, verb = action.partition(".")
        assert noun.isidentifier()
        assert verb.isidentifier()


def test_ids_sort_by_time() -> None:
    made = audit_id(5_000, bytes(range(ID_ENTROPY)))
    assert made.startswith("aud_")
    assert id_floor("aud_", 5_000) <= made < id_floor("aud_", 6_000)
