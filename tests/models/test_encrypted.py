"""What is sealed opens with its key at its place, and nowhere else."""

import pytest

from models.encrypted import DataCipher, DataKeyMissingError, SealedTextDamagedError

OLD, NEW = "the key of last year, long enough", "the key of this year, long enough"
HERE, THERE = "payout_accounts:1:abc:name", "payout_accounts:2:abc:name"


def test_what_is_sealed_opens_and_never_looks_the_same() -> None:
    cipher = DataCipher([OLD])
    one, other = cipher.seal("李雷", HERE), cipher.seal("李雷", HERE)
    assert one != other
    assert "李雷" not in one
    assert cipher.open(one, HERE) == cipher.open(other, HERE) == "李雷"


def test_it_is_bound_to_its_row_and_field() -> None:
    cipher = DataCipher([OLD])
    sealed = cipher.seal("李雷", HERE)
    with pytest.raises(SealedTextDamagedError):
        cipher.open(sealed, THERE)
    key_id, body = sealed.split(".")
    for damaged in (
        f"{key_id}.{body[:-8]}AAAAAAA=",
        f"{key_id}.",
        f"{key_id}.%%%",
        f"{key_id}.AAAA",
        "李雷",
        "",
    ):
        with pytest.raises(SealedTextDamagedError):
            cipher.open(damaged, HERE)


def test_a_key_is_replaced_and_what_the_old_one_sealed_still_opens() -> None:
    sealed = DataCipher([OLD]).seal("李雷", HERE)
    rotated = DataCipher([NEW, OLD])
    assert rotated.open(sealed, HERE) == "李雷"
    assert rotated.seal("李雷", HERE).split(".")[0] != sealed.split(".")[0]
    with pytest.raises(DataKeyMissingError, match="former_data_keys"):
        DataCipher([NEW]).open(sealed, HERE)


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(DataKeyMissingError):
        DataCipher([]).seal("李雷", HERE)
