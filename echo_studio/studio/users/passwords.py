"""Passwords as salted hashes: scrypt (RFC 7914), its cost and salt kept beside each hash."""

import base64
import binascii
import hashlib
import hmac
import secrets
import unicodedata
from functools import cache

from echo_studio.errors import DataError, RequestError

__all__ = ["hashed", "matches", "waste"]

LOG2_N, R, P = 15, 8, 3  # 32 MiB and about a quarter of a second on one core
MAX_LOG2_N, MAX_R, MAX_P = 17, 16, 8  # a file that asks for more would take the machine's memory
MEMORY = 256 << 20
SALT_BYTES, HASH_BYTES = 16, 32
SHORTEST, LONGEST = 8, 256
KIND = "scrypt"


def hashed(password: str) -> str:
    """A new salt and the hash, in one word: `scrypt$log2(N)$r$p$salt$hash`, the last two in base64.

    Raises:
        RequestError: a password of less than 8 or more than 256 characters.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise RequestError(
            expected=f"a password of {SHORTEST} to {LONGEST} characters",
            got=f"one of {len(password)}",
            remedy="several words in a row are easy to keep in mind",
        )
    salt = secrets.token_bytes(SALT_BYTES)
    digest = _scrypt(password, salt, LOG2_N, R, P)
    return "$".join([KIND, str(LOG2_N), str(R), str(P), _text(salt), _text(digest)])


def matches(password: str, kept: str) -> bool:
    """Whether `kept` was made from this password; compared in constant time.

    Raises:
        DataError: `kept` is not what `hashed` gives.
    """
    try:
        kind, *cost, salt, digest = kept.split("$")
        log2_n, r, p = (int(number) for number in cost)
        known = base64.b64decode(digest, validate=True)
        fine = kind == KIND and 1 <= log2_n <= MAX_LOG2_N and 1 <= r <= MAX_R and 1 <= p <= MAX_P
        if not fine or len(known) != HASH_BYTES:
            raise ValueError
        found = _scrypt(password[: LONGEST + 1], base64.b64decode(salt, validate=True), log2_n, r, p)
    except (ValueError, binascii.Error) as error:
        raise DataError(
            expected="a password's hash by scrypt", got="something else", remedy="set it: echo-studio user password"
        ) from error
    return hmac.compare_digest(found, known)


def waste(password: str) -> None:
    """Takes as long as `matches`: so that nobody learns by a clock which users there are."""
    matches(password, _anybody())


@cache
def _anybody() -> str:
    return hashed(secrets.token_urlsafe(SALT_BYTES))


def _scrypt(password: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    # The same letters come in several encodings, as keyboards have it.
    data = unicodedata.normalize("NFKC", password).encode()
    return hashlib.scrypt(data, salt=salt, n=1 << log2_n, r=r, p=p, maxmem=MEMORY, dklen=HASH_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
