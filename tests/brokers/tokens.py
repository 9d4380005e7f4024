"""Somebody who gives tokens (JWT, RFC 7519, signed RS256) and says by which key they are known (JWKS, RFC 7517)."""

from __future__ import annotations

import base64
import json
import time

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

_KEY_ID = "tests"


class TokenGiver:
    """Has a key of its own."""

    audience = "kafka"
    issuer = "https://tokens.vigie.test"

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    @property
    def key_set(self) -> str:
        """The public key, as a broker reads it."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": _KEY_ID,
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }
        return json.dumps({"keys": [key]})

    def token(self, user: str, *, lifetime_s: float = 3600.0, audience: str = audience) -> str:
        """Return a token that says who its owner is, from now on and for so long; a negative time is over."""
        now = time.time()
        head = {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}
        claims = {
            "iss": self.issuer,
            "sub": user,
            "aud": audience,
            "iat": min(now, now + lifetime_s),
            "exp": now + lifetime_s,
        }
        said = ".".join(_coded(json.dumps(part).encode()) for part in (head, claims))
        return f"{said}.{_coded(self._key.sign(said.encode(), padding.PKCS1v15(), SHA256()))}"


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _coded(value.to_bytes((value.bit_length() + 7) // 8, "big"))
