"""Apache Kafka with secured listeners: SASL with every mechanism over TLS, SCRAM without TLS, and mutual TLS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from agents.embedded.probe import LOOPBACK, free_port
from tests.brokers.kafka import Kafka
from tests.brokers.tokens import TokenGiver

_SETTINGS = """\

ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
# Whoever shows a certificate is called by the name in it.
ssl.principal.mapping.rules=RULE:^(?:.*,)?CN=([^,]+)(?:,.*)?$/$1/
listener.name.ssl.ssl.client.auth=required
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_ssl.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required {plain};
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={scram}
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram}
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
sasl.oauthbearer.jwks.endpoint.url={key_set}
sasl.oauthbearer.expected.audience={audience}
sasl.oauthbearer.expected.issuer={issuer}
listener.name.sasl_plaintext.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config={scram}
"""
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class SecuredKafka(Kafka):
    """One node that takes secured clients at `sasl_ssl`, `sasl_plaintext` and `mutual_tls`, and all at `bootstrap`.

    Parameters
    ----------
    folder
        An empty one: for its settings, data and log, and for what a client needs (`ca`, and what a login is by).
    users
        Who can log in: by `password`, by a token of `giver`, or by a certificate.
    """

    password = "open-sesame-4711"

    def __init__(self, folder: Path, users: Sequence[str] = ("vigie",)) -> None:
        super().__init__(folder)
        self.users = tuple(users)
        self._listeners |= {name: free_port() for name in ("SASL_SSL", "SASL_PLAINTEXT", "SSL")}
        self.ca = folder / "ca.pem"
        self.giver = TokenGiver()
        self._key_set = folder / "jwks.json"
        self._key_set.write_text(self.giver.key_set)
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(self.ca)
        _write(self._authority.issue_cert(LOOPBACK), folder / "broker.pem", folder / "broker.pem")

    @property
    def sasl_ssl(self) -> str:
        return self._address("SASL_SSL")

    @property
    def sasl_plaintext(self) -> str:
        return self._address("SASL_PLAINTEXT")

    @property
    def mutual_tls(self) -> str:
        return self._address("SSL")

    def password_login(self, folder: Path, user: str = "vigie", mechanism: str = "SCRAM-SHA-512") -> dict[str, Any]:
        """Return the settings of a client with a name and a password, which goes into the folder."""
        return {
            "brokers": self.sasl_ssl,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": mechanism,
            "sasl_username": user,
            "sasl_password_file": _file(folder / f"{user}-password", f"{self.password}\n"),
            "tls_ca_file": self.ca,
        }

    def token_login(self, folder: Path, user: str = "vigie", token: str | None = None) -> dict[str, Any]:
        """Return the settings of a client with a token, one that is good for an hour unless it is given."""
        return {
            "brokers": self.sasl_ssl,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "OAUTHBEARER",
            "sasl_token_file": _file(folder / f"{user}-token", token or self.giver.token(user)),
            "tls_ca_file": self.ca,
        }

    def certificate_login(self, folder: Path, user: str = "vigie") -> dict[str, Any]:
        """Return the settings of a client with a certificate."""
        return {
            "brokers": self.mutual_tls,
            "security_protocol": "SSL",
            "tls_ca_file": self.ca,
            **certificate_files(self._authority, folder, user),
        }

    def _more_settings(self) -> str:
        return _SETTINGS.format(
            folder=self._folder,
            scram=_SCRAM,
            plain=" ".join(f'user_{name}="{self.password}"' for name in self.users),
            key_set=self._key_set.as_uri(),
            audience=self.giver.audience,
            issuer=self.giver.issuer,
        )

    def _format_options(self) -> list[str]:
        mechanisms = ("SCRAM-SHA-256", "SCRAM-SHA-512")
        logins = [f"{each}=[name={name},password={self.password}]" for name in self.users for each in mechanisms]
        return [option for login in logins for option in ("--add-scram", login)]

    def _java(self, *arguments: str) -> list[str]:
        command, *rest = super()._java(*arguments)
        # Kafka asks nobody for keys whom its operator has not named.
        return [command, f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._key_set.as_uri()}", *rest]


def certificate_files(authority: trustme.CA, folder: Path, user: str) -> dict[str, Path]:
    """Have a certificate made out to somebody, and return the settings that name it."""
    files = {"tls_cert_file": folder / f"{user}.pem", "tls_key_file": folder / f"{user}-key.pem"}
    _write(authority.issue_cert(f"{user}.test", common_name=user), files["tls_cert_file"], files["tls_key_file"])
    return files


def _file(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def _write(leaf: trustme.LeafCert, cert: Path, key: Path) -> None:
    # Kafka reads PKCS #8 only.
    private = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with cert.open("ab") as file:
        for blob in leaf.cert_chain_pems:
            file.write(blob.bytes())
